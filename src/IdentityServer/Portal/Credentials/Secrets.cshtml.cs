using System.Diagnostics;
using System.Globalization;
using IdentityServer.Clients.Credentials;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Clients;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Portal.Credentials;

/// <summary>The secrets of a client: makes further ones, and retires those that another has replaced.</summary>
[Sensitive]
internal sealed class SecretsModel(ClientSecretDesk desk, InsightWriter insight, TimeProvider clock) : ClientPageModel
{
    private const string Never = "never";
    private const string OnDay = "day";
    private const string Year = "365";

    private MetadataProblem? _broken;

    [BindProperty]
    public string? Label { get; set; }

    /// <summary>A number of days, <c>never</c>, or <c>day</c> for <see cref="Day"/>.</summary>
    [BindProperty]
    public string? Expiry { get; set; }

    /// <summary>The last day on which the secret is taken, in UTC.</summary>
    [BindProperty]
    public string? Day { get; set; }

    /// <summary>Which one a button is about.</summary>
    [BindProperty]
    public Guid Secret { get; set; }

    /// <summary>Whether it is to go by itself.</summary>
    [BindProperty]
    public bool ByItself { get; set; }

    /// <summary>All of them, the youngest first.</summary>
    public IReadOnlyList<ShownSecret> Secrets { get; private set; } = [];

    /// <summary>The one that was made just now, readable only now; null for none.</summary>
    public SecretMade.Done? Made { get; private set; }

    public FormField LabelField => new("Label", Words["portal.secret-label"])
    {
        Values = [Label ?? ""],
        Hint = Words["portal.secret-label-hint"],
        Problems = _broken is { Field: "label" } problem ? [problem.ToString()] : [],
    };

    public FormField ExpiryField => new("Expiry", Words["portal.secret-expiry"], FieldShape.Choice)
    {
        Values = [Expiry ?? Year],
        Choices = [new("90", Words["portal.secret-90"]), new(Year, Words["portal.secret-365"]), new(Never, Words["portal.secret-never"]), new(OnDay, Words["portal.secret-day"])],
        Problems = _broken is { Field: "expires_at" } problem ? [problem.ToString()] : [],
    };

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string>
    {
        ["retired"] = "portal.secret-gone",
        ["gone"] = "portal.secret-over",
        ["by-itself"] = "portal.secret-by-itself-set",
        ["by-hand"] = "portal.secret-by-hand-set",
    };

    /// <summary>What can be said of taking a secret away.</summary>
    public string Evidence(ShownSecret secret) => SecretEvidence.Say(secret, Secrets, clock.GetUtcNow(), Words.Words);

    public Task OnGetAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    /// <summary>Shows the new secret in the answer: a page to be led to would have to keep it.</summary>
    public async Task<IActionResult> OnPostMakeAsync(CancellationToken cancellationToken)
    {
        if (!TryExpiry(out var expires))
        {
            return await RefuseAsync(Words["portal.secret-day-wrong"], cancellationToken);
        }

        switch (await desk.MakeAsync(Client.Settings, Label ?? "", expires, cancellationToken))
        {
            case SecretMade.Done done:
                (Made, Label, Expiry, Day) = (done, null, null, null);
                await LoadAsync(cancellationToken);
                return Page();
            case SecretMade.Refused refused:
                _broken = refused.Problem;
                return await RefuseAsync(Words["portal.mistakes"], cancellationToken);
            case SecretMade.TooMany:
                return await RefuseAsync(Words.Say("portal.secret-too-many", ("count", SecretRotation.MostActive)), cancellationToken);
            case SecretMade.NotTaken:
                return await RefuseAsync(Words["portal.secret-not-taken"], cancellationToken);
            case SecretMade.Gone:
                return NotFound();
            case var other:
                throw new UnreachableException($"Unmapped outcome {other}.");
        }
    }

    public async Task<IActionResult> OnPostRetireAsync(CancellationToken cancellationToken) =>
        await desk.RetireAsync(Client.Settings, Secret, evenIfUnsafe: false, cancellationToken) switch
        {
            SecretRetired.Done => new SeeOther(AddressOf("secrets", "retired")),
            SecretRetired.Gone => new SeeOther(AddressOf("secrets", "gone")),
            SecretRetired.NotSafe => new SeeOther(AddressOf($"secrets/{Secret}/retire")),
            var other => throw new UnreachableException($"Unmapped outcome {other}."),
        };

    public async Task<IActionResult> OnPostLetAsync(CancellationToken cancellationToken) =>
        new SeeOther(AddressOf("secrets", !await desk.LetRetireItselfAsync(Client.Settings, Secret, ByItself, cancellationToken) ? "gone" : ByItself ? "by-itself" : "by-hand"));

    private async Task<PageResult> RefuseAsync(string problem, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        return Refuse(problem);
    }

    // What this node has seen of their use counts as evidence at once.
    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        await insight.FlushAsync(cancellationToken);
        Secrets = await desk.ListAsync(Client.RowId, cancellationToken);
    }

    private bool TryExpiry(out DateTimeOffset? expires)
    {
        expires = null;
        if (Expiry == OnDay)
        {
            var fits = DateOnly.TryParseExact(Day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day);
            expires = fits ? new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).AddDays(1) : null;
            return fits;
        }

        expires = int.TryParse(Expiry, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is > 0 and <= 1000
            ? clock.GetUtcNow().AddDays(days) : null;
        return expires is not null || Expiry == Never;
    }
}
