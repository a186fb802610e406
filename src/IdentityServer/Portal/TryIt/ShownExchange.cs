using System.Text.Encodings.Web;
using System.Text.Json;
using IdentityServer.Languages;
using IdentityServer.Trials;

namespace IdentityServer.Portal.TryIt;

/// <summary>An exchange on the page.</summary>
/// <param name="Number">Which of the run it is, from 1.</param>
/// <param name="Exchange">What went and came.</param>
/// <param name="ClientId">The client's <c>client_id</c>.</param>
/// <param name="Reference">The failure that the server wrote down for it; null when there is none, or none for certain.</param>
internal sealed record ShownExchange(int Number, TrialExchange Exchange, string ClientId, string? Reference)
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The answer's body, laid out where it is JSON.</summary>
    public string Body => Exchange.TryRead(out var json) ? JsonSerializer.Serialize(json.Value, Readable) : Exchange.Body; // the view encodes

    /// <summary>The key of an exchange's title.</summary>
    public static string TitleKey(TrialExchange exchange) => exchange.Name switch
    {
        "par" => "trial.step.par",
        "authorize" => "trial.step.authorize",
        "answer" => "trial.step.answer",
        "token" => "trial.step.token",
        "client-token" => "trial.step.client-token",
        "keys" => "trial.step.keys",
        "userinfo" => "trial.step.userinfo",
        "refresh" => "trial.step.refresh",
        "introspect" => "trial.step.introspect",
        "revoke" => "trial.step.revoke",
        var other => throw new ArgumentException($"There is no exchange {other}.", nameof(exchange)),
    };

    /// <summary>The key of what an error means; null for one that nobody has explained: a server may name its own.</summary>
    public static string? ErrorKey(string error, Words words) => words.Texts.ContainsKey($"trial.error.{error}") ? $"trial.error.{error}" : null;

    /// <summary>Where a failure is explained.</summary>
    public string FailureAddress(string reference) => FailureLinks.Of(ClientId, reference);
}

/// <summary>Names and values in a table.</summary>
/// <param name="TitleKey">The key of what they are.</param>
/// <param name="Fields">The fields.</param>
/// <param name="Explained">Says of each what it is for.</param>
internal sealed record ShownFields(string TitleKey, IReadOnlyList<TrialField> Fields, bool Explained)
{
    private const string Hidden = "••••••";

    /// <summary>The value of a secret field as it is seen first: of a header its scheme stays.</summary>
    public static string Masked(TrialField field) => field.Value.Split(' ') is [var scheme, _] ? $"{scheme} {Hidden}" : Hidden;

    /// <summary>The key of what a field is for; null where nothing is said.</summary>
    public string? MeaningKey(TrialField field, Words words) =>
        Explained && words.Texts.ContainsKey($"trial.param.{field.Name}") ? $"trial.param.{field.Name}" : null;
}

/// <summary>A token on the page.</summary>
/// <param name="Sheet">The token.</param>
/// <param name="Signature">How its signature came out; null where nobody looked.</param>
/// <param name="Now">The time.</param>
internal sealed record ShownToken(TokenSheet Sheet, TokenCheck? Signature, DateTimeOffset Now);

/// <summary>A field for an assertion.</summary>
/// <param name="Id">The field's id.</param>
/// <param name="LabelKey">The key of its label.</param>
/// <param name="ToSign">What is to be signed.</param>
internal sealed record AssertionField(string Id, string LabelKey, TrialAssertion ToSign);
