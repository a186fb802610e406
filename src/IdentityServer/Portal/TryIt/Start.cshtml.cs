using System.Diagnostics;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using IdentityServer.Settings;
using IdentityServer.SignIn;
using IdentityServer.TestUsers;
using IdentityServer.Trials;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal.TryIt;

/// <summary>Where an owner chooses what to try, and lets sign-ins of the client come back to us.</summary>
internal sealed class StartModel(OwnedClients clients, TrialRuns runs, TrialSendOff sendOff, TestUserDirectory testUsers, Installation installation) : ClientPageModel
{
    private const int LongestHint = 254;
    private const int LongestClaims = 2_000;
    private const int LongestMaxAge = 10_000_000;

    /// <summary>The prompts that are offered; the empty one sends none.</summary>
    public static IReadOnlyList<string> Prompts { get; } = ["", "none", "login", "consent", "select_account"];

    /// <summary>The response modes that are offered; the empty one sends none.</summary>
    public static IReadOnlyList<string> ResponseModes { get; } = ["", "query", "form_post"];

    [BindProperty]
    public List<string> Scopes { get; set; } = [];

    [BindProperty]
    public string? Prompt { get; set; }

    [BindProperty]
    public string? MaxAge { get; set; }

    [BindProperty]
    public string? LoginHint { get; set; }

    [BindProperty]
    public string? Claims { get; set; }

    [BindProperty]
    public string? ResponseMode { get; set; }

    [BindProperty]
    public bool Pushed { get; set; }

    /// <summary>The person's runs with this client.</summary>
    public IReadOnlyList<Trial> Runs { get; private set; } = [];

    /// <summary>The client's test users, whom its owner may expect.</summary>
    public IReadOnlyList<string> TestAddresses { get; private set; } = [];

    /// <summary>Our redirect URI.</summary>
    public string Callback => installation.TrialCallback;

    /// <summary>Whether sign-ins of the client may come back to us.</summary>
    public bool MayComeBack => Client.Metadata.RedirectUris.Contains(Callback, StringComparer.Ordinal);

    public bool SignsPeopleIn => Client.Settings.GrantTypes.Contains(ClientGrantTypes.AuthorizationCode);

    public bool ActsForItself => Client.Settings.GrantTypes.Contains(ClientGrantTypes.ClientCredentials);

    /// <summary>We cannot sign a request in the client's name.</summary>
    public bool SignsRequests => Client.Metadata.RequireSignedRequestObject;

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string>
    {
        ["added"] = "trial.added",
        ["removed"] = "trial.removed",
        ["forgotten"] = "trial.forgotten",
    };

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        (Scopes, Pushed) = ([.. Client.Metadata.Scopes], Client.Settings.RequirePar);
        await ShowAsync(cancellationToken);
    }

    public Task<IActionResult> OnPostAddAsync(CancellationToken cancellationToken) =>
        ChangeAsync(uris => uris.Append(Callback).Distinct(StringComparer.Ordinal), "added", cancellationToken);

    public Task<IActionResult> OnPostRemoveAsync(CancellationToken cancellationToken) =>
        ChangeAsync(uris => uris.Where(uri => uri != Callback), "removed", cancellationToken);

    public Task<IActionResult> OnPostAsync(CancellationToken cancellationToken) => BeginAsync(
        new()
        {
            Grant = ClientGrantTypes.AuthorizationCode,
            Scopes = Scopes,
            Prompt = Given(Prompt),
            MaxAge = int.TryParse(MaxAge, out var seconds) ? seconds : null,
            LoginHint = Given(LoginHint),
            Claims = Given(Claims),
            ResponseMode = Given(ResponseMode),
            Pushed = Pushed || Client.Settings.RequirePar,
        },
        cancellationToken);

    public Task<IActionResult> OnPostItselfAsync(CancellationToken cancellationToken) =>
        BeginAsync(new() { Grant = ClientGrantTypes.ClientCredentials, Scopes = Scopes }, cancellationToken);

    private async Task<IActionResult> BeginAsync(TrialChoices choices, CancellationToken cancellationToken)
    {
        await ShowAsync(cancellationToken);
        if (Problem(choices) is { } problem)
        {
            return Refuse(Words[problem]);
        }

        return await sendOff.BeginAsync(HttpContext, Client, Person.User.Id, choices, cancellationToken)
            ?? Later(Words.Say("trial.too-many", ("most", TrialRuns.MostOfPerson)), TrialRuns.Window);
    }

    private string? Problem(TrialChoices choices) =>
        !Client.Settings.GrantTypes.Contains(choices.Grant) || (choices.Grant == ClientGrantTypes.AuthorizationCode && (!MayComeBack || SignsRequests)) ? "trial.not-possible"
        : choices.Scopes.Except(Client.Settings.AllowedScopes, StringComparer.Ordinal).Any() ? "trial.no-such-scope"
        : !Prompts.Contains(choices.Prompt ?? "") || !ResponseModes.Contains(choices.ResponseMode ?? "") ? "trial.not-offered"
        : Given(MaxAge) is not null && choices.MaxAge is not (>= 0 and <= LongestMaxAge) ? "trial.max-age-problem"
        : choices.LoginHint is { Length: > LongestHint } ? "trial.login-hint-problem"
        : choices.Claims is { } claims && (claims.Length > LongestClaims || !IsObject(claims)) ? "trial.claims-problem"
        : null;

    private async Task<IActionResult> ChangeAsync(Func<IReadOnlyList<string>, IEnumerable<string>> change, string done, CancellationToken cancellationToken)
    {
        var outcome = await clients.ChangeAsync(
            Client, metadata => metadata with { RedirectUris = [.. change(metadata.RedirectUris)] }, cancellationToken);
        if (outcome is EditOutcome.Stored)
        {
            return new SeeOther(AddressOf("try", done));
        }

        await OnGetAsync(cancellationToken);
        return outcome switch
        {
            EditOutcome.Refused refused => Refuse(refused.Problems),
            EditOutcome.Changed => Refuse(Words["trial.changed"]),
            EditOutcome.Gone => NotFound(),
            var other => throw new UnreachableException($"Unmapped outcome {other}."),
        };
    }

    private async Task ShowAsync(CancellationToken cancellationToken)
    {
        Runs = await runs.ListAsync(Client.RowId, Person.User.Id, cancellationToken);
        TestAddresses = [.. (await testUsers.ListAsync(Client.RowId, cancellationToken)).Select(user => user.Email)];
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static bool IsObject(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
