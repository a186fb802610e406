using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace IdentityServer.Trials;

/// <summary>A name and its value, as they travel.</summary>
/// <param name="Name">The name.</param>
/// <param name="Value">The value.</param>
/// <param name="Secret">Not shown before somebody asks to see it.</param>
internal sealed record TrialField(string Name, string Value, bool Secret = false)
{
    public override string ToString() => Name;
}

/// <summary>One request of a run and its answer.</summary>
internal sealed record TrialExchange
{
    /// <summary>What it is for: the end of the key of its title.</summary>
    public required string Name { get; init; }

    /// <summary>The method.</summary>
    public required string Method { get; init; }

    /// <summary>Where it goes, without the query.</summary>
    public required string Address { get; init; }

    /// <summary>Whether the browser sent it. Then nobody here saw its headers, and whose cookies it carried is nobody's business.</summary>
    public bool ByBrowser { get; init; }

    /// <summary>What was sent beside the parameters.</summary>
    public IReadOnlyList<TrialField> Headers { get; init; } = [];

    /// <summary>The parameters, of the query or of the form.</summary>
    public IReadOnlyList<TrialField> Parameters { get; init; } = [];

    /// <summary>The status of the answer; null while there is none.</summary>
    public int? Status { get; init; }

    /// <summary>The headers of the answer.</summary>
    public IReadOnlyList<TrialField> AnswerHeaders { get; init; } = [];

    /// <summary>The answer's body.</summary>
    public string Body { get; init; } = "";

    /// <summary>When it was sent.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How long the answer took, in milliseconds; null for what the browser sent.</summary>
    public double? Milliseconds { get; init; }

    /// <summary>The standard error that came back; null when none did.</summary>
    public string? Error { get; init; }

    /// <summary>Whether the answer is one that a client can go on with.</summary>
    public bool Succeeded => Error is null && Status is null or (>= 200 and < 300);

    /// <summary>Reads the answer as a JSON object.</summary>
    public bool TryRead([NotNullWhen(true)] out JsonElement? json)
    {
        json = null;
        try
        {
            using var document = JsonDocument.Parse(Body);
            json = document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return false;
        }

        return json is not null;
    }

    /// <summary>A member of the answer that is text; null when there is none.</summary>
    public string? Text(string name) =>
        TryRead(out var json) && json.Value.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public override string ToString() => $"{nameof(TrialExchange)} {{ {Name}, Status = {Status}, Error = {Error} }}";
}
