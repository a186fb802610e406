using System.Text.Json;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Languages;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Api;

/// <summary>A failed request.</summary>
/// <param name="Reference">What the error page shows.</param>
/// <param name="At">When it failed.</param>
/// <param name="Code">Why: stable, described in <c>docs/errors.md</c>.</param>
/// <param name="Endpoint">Which endpoint was asked.</param>
/// <param name="Sentence">What happened.</param>
/// <param name="Mend">What to do about it; null for what is nobody's mistake.</param>
/// <param name="Details">The facts that the sentence names, by themselves.</param>
/// <param name="Docs">Where the code is described.</param>
internal sealed record ApiFailure(
    string Reference, DateTimeOffset At, string Code, string Endpoint, string Sentence, string? Mend, IReadOnlyDictionary<string, string> Details, string Docs)
{
    private const string Described = "/docs/errors.md#";

    public static ApiFailure Of(ClientFailure failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var details = JsonSerializer.Deserialize<Dictionary<string, string>>(failure.Details) ?? [];
        return new(
            failure.Id, failure.At, failure.Code, failure.Endpoint, Say($"failure.{failure.Code}", details) ?? failure.Code,
            Say($"failure.{failure.Code}.mend", details), details, Described + failure.Code);
    }

    // A row may be older than this version and lack a fact that the sentence names by now: then the sentence has a gap, and is said.
    private static string? Say(string key, Dictionary<string, string> details)
    {
        var words = Words.In(SupportedLanguages.Default);
        return words.Texts.TryGetValue(key, out var text)
            ? words.Say(key, [.. text.Forms.Values.SelectMany(Text.Placeholders).Distinct(StringComparer.Ordinal)
                .Select(name => (name, (object)details.GetValueOrDefault(name, "…")))])
            : null;
    }
}
