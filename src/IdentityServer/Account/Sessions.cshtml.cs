using IdentityServer.Sessions;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using IdentityServer.Storage.Operations;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Account;

/// <summary>Where somebody is signed in, and the way to end it.</summary>
internal sealed class SessionsModel(AccountReads reads, SessionEnder ender, TimeProvider clock) : AccountPageModel
{
    [BindProperty]
    public string? Family { get; set; }

    /// <summary>The browsers, this one first, then by last use.</summary>
    public IReadOnlyList<SignedInBrowser> Browsers { get; private set; } = [];

    protected override IReadOnlyDictionary<string, string> Notices { get; } =
        new Dictionary<string, string> { ["ended"] = "sessions.ended", ["others"] = "sessions.others-ended" };

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        var open = await reads.OpenOfUserAsync(SignedIn.User.Id, clock.GetUtcNow(), cancellationToken);
        Browsers = [.. open
            .GroupBy(session => session.FamilyId)
            .Select(family => SignedInBrowser.Of([.. family], Words.Words, SignedIn.Session.FamilyId))
            .OrderByDescending(browser => browser.IsThis).ThenByDescending(browser => browser.LastUsedAt)];
    }

    public async Task<IActionResult> OnPostEndAsync(CancellationToken cancellationToken)
    {
        // Of another person, or ended already: nothing to do either way.
        if (Guid.TryParseExact(Family, "N", out var family))
        {
            await ender.EndFamilyAsync(SignedIn.User.Id, family, cancellationToken);
            await ender.CommitAsync(cancellationToken);
        }

        return new SeeOther(AccountUrls.After("/account/sessions", "ended"));
    }

    public async Task<IActionResult> OnPostEndOthersAsync(CancellationToken cancellationToken)
    {
        await ender.EndAllAsync(SignedIn.User.Id, SignedIn.Session.Id, cancellationToken);
        await ender.CommitAsync(cancellationToken);
        return new SeeOther(AccountUrls.After("/account/sessions", "others"));
    }
}
