using System.Text.Json;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Languages;
using IdentityServer.Storage.Entities;
using Microsoft.AspNetCore.Html;

namespace IdentityServer.Portal;

/// <summary>An entry as a page shows it.</summary>
internal sealed class ShownFailure
{
    private static readonly string[] OfAddresses =
        [FailureCodes.RedirectUriMismatch, FailureCodes.CodeRedirectUriDiffers, FailureCodes.PostLogoutRedirectUriMismatch];

    public ShownFailure(ClientFailure entry, Words words)
    {
        Entry = entry;
        Details = JsonSerializer.Deserialize<Dictionary<string, string>>(entry.Details) ?? [];
        Words = new(words, entry.Code, Details);
    }

    public ClientFailure Entry { get; }

    /// <summary>The facts by name.</summary>
    public IReadOnlyDictionary<string, string> Details { get; }

    /// <summary>The sentence and the mend.</summary>
    public FailureWords Words { get; }

    /// <summary>A text with the stretches marked that differ, and no blank more than it has: people copy it.</summary>
    public static IHtmlContent Marked(IEnumerable<Stretch> stretches) => new HtmlString(string.Concat(stretches.Select(stretch =>
        stretch.Differs ? $"<mark>{ReadableHtml.Encoder.Encode(stretch.Text)}</mark>" : ReadableHtml.Encoder.Encode(stretch.Text))));

    /// <summary>Whether there is something to mend.</summary>
    public bool IsMistake => FailureCatalogue.Find(Entry.Code)?.IsMistake != false;

    /// <summary>The two addresses beside each other; null where the failure is not about addresses.</summary>
    public TextDifference? Comparison => OfAddresses.Contains(Entry.Code) && Details.TryGetValue("received", out var received) && Details.TryGetValue("registered", out var registered)
        ? TextDifference.Between(received, registered)
        : null;

    /// <summary>The address that came, if it is whole and could be registered in the place where it was looked for.</summary>
    public string? Registrable => Entry.Code is FailureCodes.RedirectUriMismatch or FailureCodes.PostLogoutRedirectUriMismatch
        && Details.TryGetValue("received", out var received) && !received.Contains(Quotable.Hidden, StringComparison.Ordinal)
            ? received
            : null;
}
