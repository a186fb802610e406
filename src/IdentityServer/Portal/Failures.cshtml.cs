using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal;

/// <summary>What failed of an application's requests, for its owners alone.</summary>
internal sealed class FailuresModel(ClientHistory history) : ClientPageModel
{
    private const int PageLength = 25;

    /// <summary>Only those of one reason.</summary>
    [BindProperty(SupportsGet = true, Name = "code")]
    public string? Code { get; set; }

    /// <summary>What somebody read on an error page.</summary>
    [BindProperty(SupportsGet = true, Name = "reference")]
    public string? Reference { get; set; }

    /// <summary>Where the page before ended.</summary>
    [BindProperty(SupportsGet = true, Name = "after")]
    public string? After { get; set; }

    public IReadOnlyList<ShownFailure> Failures { get; private set; } = [];

    /// <summary>Where the next page begins; null when this one is the last.</summary>
    public FailureCursor? Next { get; private set; }

    /// <summary>Whether the list is one of all entries.</summary>
    public bool IsWhole => string.IsNullOrWhiteSpace(Reference) && Chosen is null;

    private string? Chosen => FailureCatalogue.Find(Code ?? "")?.Name;

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        var reference = string.IsNullOrWhiteSpace(Reference) ? null : Reference.Trim().ToLowerInvariant();
        var page = await history.FailuresAsync(Client.RowId, new(Chosen, reference, FailureLinks.Read(After)), PageLength, cancellationToken);
        Failures = [.. page.Failures.Select(failure => new ShownFailure(failure, Words.Words))];
        Next = page.Next;
    }
}
