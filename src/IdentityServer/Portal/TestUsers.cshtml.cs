using System.Diagnostics;
using System.Text.Json;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Domain.Users;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Proofs;
using IdentityServer.Storage.Operations;
using IdentityServer.TestUsers;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Portal;

/// <summary>
/// Makes, lists and deletes the test users of a client. The answer to the post that makes one shows its password, and nothing else ever
/// does; so that a reload, which posts again, makes no second one, each form holds a value that counts once.
/// </summary>
internal sealed class TestUsersModel(TestUserDirectory directory, CounterOperations counters, TimeProvider clock) : ClientPageModel
{
    /// <summary>The end of this page's address.</summary>
    public const string PageName = "test-users";

    /// <summary>What claims look like.</summary>
    public const string Example = """{"name": "Ada Buyer", "locale": "en"}""";

    // Around a stretch of plain text whose braces must not turn about in a sentence that runs the other way (Unicode UAX #9 §2.4).
    private const char LeftToRight = '\u2066';
    private const char EndOfStretch = '\u2069';

    private static readonly TimeSpan _window = TimeSpan.FromDays(1);

    [BindProperty]
    public string? Name { get; set; }

    [BindProperty]
    public string? Password { get; set; }

    [BindProperty]
    public string? ClaimsJson { get; set; }

    /// <summary>Which test user to delete.</summary>
    [BindProperty]
    public Guid UserId { get; set; }

    /// <summary>What makes the form count once.</summary>
    [BindProperty]
    public Guid Attempt { get; set; }

    /// <summary>The same for the form that is shown now.</summary>
    public Guid NextAttempt { get; } = Guid.NewGuid();

    public IReadOnlyList<TestUser> Users { get; private set; } = [];

    /// <summary>The test user that was made just now, with the one chance to read its password; null before.</summary>
    public TestUserMade.Done? Made { get; private set; }

    public string Limits => Words.Say("test-users.limits", ("hour", GuessBudget.MailsPerHour), ("day", GuessBudget.MailsPerDay));

    protected override IReadOnlyDictionary<string, string> Notices { get; } =
        new Dictionary<string, string> { ["deleted"] = "test-users.deleted", ["gone"] = "test-users.gone" };

    public Task OnGetAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        var answer = await MakeAsync(cancellationToken);
        await LoadAsync(cancellationToken);
        return answer;
    }

    public async Task<IActionResult> OnPostDeleteAsync(CancellationToken cancellationToken) =>
        new SeeOther(AddressOf(PageName, await directory.DeleteAsync(Client.Settings, UserId, cancellationToken) ? "deleted" : "gone"));

    private async Task<IActionResult> MakeAsync(CancellationToken cancellationToken)
    {
        if (ReadClaims(out var problems) is not { } claims)
        {
            return Refuse(problems);
        }

        var spent = await counters.TrySpendAsync($"test-user-new/{Person.User.Id:N}/{Attempt:N}", _window, 1, clock.GetUtcNow(), cancellationToken);
        if (Attempt == default || !spent.Allowed)
        {
            return Refuse(Words["test-users.sent-before"]);
        }

        var wish = new TestUserWish(Name?.Trim(), string.IsNullOrEmpty(Password) ? null : Password, claims);
        switch (await directory.CreateAsync(Client.Settings, wish, cancellationToken))
        {
            case TestUserMade.Done made:
                Made = made;
                (Name, Password, ClaimsJson) = (null, null, null);
                return Page();
            case TestUserMade.NameRefused:
                return Refuse(Words.Say("test-users.name-wrong", ("most", TestAddress.LongestName)));
            case TestUserMade.PasswordRefused:
                return Refuse(PasswordWords.Problem(Words.Words, Password) ?? throw new UnreachableException("One rule refuses what the other allows."));
            case TestUserMade.TooMany:
                return Refuse(Words.Say("test-users.too-many", ("most", TestUserPolicy.MostPerClient)));
            case TestUserMade.Busy:
                return Later(Words.Say("limits.overloaded", ("wait", Words.Words.Span(TimeSpan.FromSeconds(5)))), TimeSpan.FromSeconds(5));
            case TestUserMade.ClientGone:
                return NotFound();
            case var other:
                throw new UnreachableException($"Unmapped outcome {other}.");
        }
    }

    private async Task LoadAsync(CancellationToken cancellationToken) => Users = await directory.ListAsync(Client.Settings.Id, cancellationToken);

    // Null when they break a rule; then the problems say which.
    private StandardClaims? ReadClaims(out IReadOnlyList<string> problems)
    {
        problems = [];
        if (string.IsNullOrWhiteSpace(ClaimsJson))
        {
            return StandardClaims.None;
        }

        try
        {
            using var document = JsonDocument.Parse(ClaimsJson);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                var members = document.RootElement.EnumerateObject().Select(member => KeyValuePair.Create(member.Name, member.Value));
                var fine = StandardClaims.TryParse(members, out var claims, out var broken);
                problems = [.. broken.Select(problem => $"{problem}.")];
                return fine ? claims : null;
            }
        }
        catch (JsonException)
        {
            // Said below, as of any other text that is no object.
        }

        problems = [Words.Say("test-users.claims-malformed", ("example", $"{LeftToRight}{Example}{EndOfStretch}"))];
        return null;
    }
}
