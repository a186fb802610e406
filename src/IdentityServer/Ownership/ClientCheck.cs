using IdentityServer.Languages;

namespace IdentityServer.Ownership;

/// <summary>How something about a client is.</summary>
internal enum CheckOutcome
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>It works, and should be otherwise; or will not for long.</summary>
    Warning,

    /// <summary>It does not work.</summary>
    Problem,
}

/// <summary>One thing about a client that was looked at.</summary>
/// <param name="Name">What; stable, since programs compare it.</param>
/// <param name="Outcome">How it is.</param>
/// <param name="Finding">What was found: the end of the key of its sentence, <c>portal.checkup.*</c>, and of what to do about it.</param>
/// <param name="Values">What the sentence names.</param>
internal sealed record ClientCheck(string Name, CheckOutcome Outcome, string Finding, params (string Name, object Value)[] Values)
{
    private const string Family = "portal.checkup.";

    /// <summary>What was found.</summary>
    public string Sentence(Words words) => words.Say(Family + Finding, Values);

    /// <summary>What to do about it; null when there is nothing to do.</summary>
    public string? Mend(Words words) => words.Texts.ContainsKey(Family + Finding + ".mend") ? words.Say(Family + Finding + ".mend", Values) : null;
}
