using System.Globalization;
using System.Net;
using IdentityServer.Tests.Support;
using IdentityServer.Users;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Protocol.Guards;

/// <summary>People, browsers and clients, and what they may do next. Everything is chosen by a seeded generator.</summary>
internal sealed partial class CeremonyWalk
{
    // Rows that expired are deleted a day later, and with them what is looked at in the end.
    private static readonly TimeSpan _longest = TimeSpan.FromDays(11);

    private readonly World _world;
    private readonly Random _random;
    private readonly DateTimeOffset _latest;
    private readonly List<string> _people = [];
    private readonly List<RelyingParty> _clients = [];
    private readonly List<WalkingBrowser> _browsers = [];
    private readonly (int Weight, string Name, Func<WalkingBrowser, bool> Possible, Func<WalkingBrowser, Task> Act)[] _steps;

    private CeremonyWalk(World world, int seed)
    {
        (_world, _random, _latest) = (world, new Random(seed), world.Clock.GetUtcNow() + _longest);
        _steps =
        [
            (10, "authorize", _ => true, AuthorizeAsync),
            (10, "password", browser => !browser.Shows("#code"), PasswordAsync),
            (14, "code", browser => browser.Shows("#code"), CodeAsync),
            (6, "consent", browser => browser.Shows("[name=Answer]"), ConsentAsync),
            (4, "resend", browser => browser.Shows("#code"), ResendAsync),
            (3, "start over", browser => browser.Shows("#code"), StartOverAsync),
            (4, "an old page", browser => browser.History.Count > 1, GoBackAsync),
            (16, "exchange", _ => _codes.Count > 0, ExchangeAsync),
            (12, "refresh", _ => _tokens.Count > 0, RefreshAsync),
            (4, "userinfo", _ => _tokens.Count > 0, UserInfoAsync),
            (2, "sign out", browser => browser.SignedIn is not null, SignOutAsync),
            (2, "sign out at a client", _ => _tokens.Count > 0, SignOutAtClientAsync),
            (2, "hand over the waiting sign-ins", _ => true, HandOverAsync),
            (1, "lose all cookies", _ => true, LoseCookiesAsync),
            (1, "change the password", _ => true, ChangePasswordAsync),
            (1, "reset the budget", _ => true, ResetBudgetAsync),
            (14, "wait", _ => _world.Clock.GetUtcNow() < _latest, WaitAsync),
        ];
    }

    /// <summary>What was done, for a walk that fails.</summary>
    public List<string> Trace { get; } = [];

    public int SessionsOpened { get; private set; }

    public int AuthorizationCodes => _codes.Count;

    public int TokenAnswers { get; private set; }

    public int TokenRequests { get; private set; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<CeremonyWalk> PrepareAsync(World world, int seed)
    {
        var walk = new CeremonyWalk(world, seed);
        for (var index = 0; index < 3; index++)
        {
            walk._people.Add(await world.AddUserAsync($"person-{index}@example.com"));
            walk._browsers.Add(new(world.OpenBrowser()));
        }

        walk._clients.AddRange([await world.AddClientAsync(), await world.AddClientAsync("none"), await world.AddThirdPartyClientAsync()]);
        return walk;
    }

    /// <summary>Somebody does something.</summary>
    public async Task StepAsync()
    {
        var browser = Any(_browsers);
        var (name, act) = _random.Next(2) == 0 ? Sensible(browser) : AnyStep(browser);
        Trace.Add($"{_world.Clock.GetUtcNow():u} browser {_browsers.IndexOf(browser)}: {name}");
        await act(browser);
    }

    // Chance alone would hardly ever get to a token.
    private (string Name, Func<WalkingBrowser, Task> Act) Sensible(WalkingBrowser browser) => browser switch
    {
        _ when browser.Shows("#code") => ("code", CodeAsync),
        _ when browser.Shows("#password") => ("password", PasswordAsync),
        _ when browser.Shows("[name=Answer]") => ("consent", ConsentAsync),
        _ when _codes.Count > 0 && _random.Next(2) == 0 => ("exchange", ExchangeAsync),
        _ => ("authorize", AuthorizeAsync),
    };

    private (string Name, Func<WalkingBrowser, Task> Act) AnyStep(WalkingBrowser browser)
    {
        var possible = _steps.Where(step => step.Possible(browser)).ToList();
        var drawn = _random.Next(possible.Sum(step => step.Weight));
        var (_, name, _, act) = possible.First(step => (drawn -= step.Weight) < 0);
        return (name, act);
    }

    private async Task AuthorizeAsync(WalkingBrowser browser)
    {
        var client = Any(_clients);
        var start = client.Start(
            ("state", client.Id),
            ("prompt", Any<string?>([null, null, null, "none", "login", "consent", "select_account"])),
            ("max_age", Any<string?>([null, null, null, "0", "60", "100000"])));
        await ArriveAsync(browser, await From(browser).FollowAsync(await From(browser).GetAsync(start)));
    }

    private async Task PasswordAsync(WalkingBrowser browser)
    {
        if (!browser.Shows("#password"))
        {
            browser.Page = await From(browser).GetAsync("/sign-in");
        }

        var email = _random.Next(12) == 0 ? "nobody@example.com" : Any(_people);
        var right = _random.Next(6) != 0;
        var answer = await From(browser).EnterPasswordAsync(browser.Page!, email, right ? World.Password : "not the password");
        ShouldNotHaveFailed(answer);
        if (answer.Parameter("challenge") is { } challenge)
        {
            right.ShouldBeTrue("a challenge is made for a right password only");
            _owners.Add(Guid.ParseExact(challenge, "N"), await _world.IdOfAsync(email));
        }

        await ArriveAsync(browser, await From(browser).FollowAsync(answer));
    }

    private async Task CodeAsync(WalkingBrowser browser)
    {
        var (page, id) = (browser.Page!, ChallengeOf(browser.Page!));
        var right = await RightCodeAsync(id);
        var typed = _random.Next(10) switch
        {
            0 or 1 => Browser.WrongCode(right ?? "00000", _random.Next(1, 100_000)),
            2 => await RightCodeAsync(Any(_owners.Keys.ToList())) ?? "00042",
            3 => "12 34",
            _ => right ?? "00042",
        };
        var answers = await Task.WhenAll(Enumerable.Range(0, _random.Next(8) == 0 ? 2 : 1).Select(_ => From(browser).EnterCodeAsync(page, typed)));
        answers.Count(OpensSession).ShouldBeLessThanOrEqualTo(1);
        if (answers.Any(OpensSession))
        {
            SessionsOpened++;
            typed.ShouldBe(right.ShouldNotBeNull());
            browser.SignedIn = _owners[id];
            _answered.Add(id).ShouldBeTrue("a challenge opens one session");
        }

        ShouldNotHaveFailed(answers);
        await ArriveAsync(browser, await From(browser).FollowAsync(answers.FirstOrDefault(OpensSession) ?? answers[0]));
    }

    private async Task ConsentAsync(WalkingBrowser browser)
    {
        var answer = new Dictionary<string, string> { ["Answer"] = _random.Next(4) == 0 ? "deny" : "allow" };
        await ArriveAsync(browser, await From(browser).FollowAsync(await From(browser).SubmitAsync(browser.Page!, answer)));
    }

    private async Task ResendAsync(WalkingBrowser browser) => await ArriveAsync(
        browser, await From(browser).FollowAsync(await From(browser).SubmitAsync(browser.Page!, new Dictionary<string, string>(), "handler=Resend")));

    private async Task StartOverAsync(WalkingBrowser browser) => await ArriveAsync(
        browser, await From(browser).GetAsync(browser.Page!.Document.QuerySelector("a.button.quiet")!.GetAttribute("href")!));

    private Task GoBackAsync(WalkingBrowser browser)
    {
        browser.Page = Any(browser.History);
        return Task.CompletedTask;
    }

    private async Task SignOutAsync(WalkingBrowser browser)
    {
        var page = await From(browser).GetAsync("/sign-out");
        await ArriveAsync(browser, await From(browser).FollowAsync(await From(browser).SubmitAsync(page, new Dictionary<string, string>())));
        browser.SignedIn = null;
    }

    private Task HandOverAsync(WalkingBrowser browser)
    {
        foreach (Cookie cookie in Any(_browsers).Browser.Cookies.GetAllCookies())
        {
            if (cookie.Name.StartsWith("idsrv.pending.", StringComparison.Ordinal))
            {
                browser.Browser.Cookies.Add(_world.Server.Address, new Cookie(cookie.Name, cookie.Value));
            }
        }

        return Task.CompletedTask;
    }

    private Task LoseCookiesAsync(WalkingBrowser browser)
    {
        foreach (Cookie cookie in browser.Browser.Cookies.GetAllCookies())
        {
            cookie.Expired = true;
        }

        browser.SignedIn = null;
        return Task.CompletedTask;
    }

    private async Task ChangePasswordAsync(WalkingBrowser browser)
    {
        var id = await _world.IdOfAsync(Any(_people));
        await _world.Server.InScopeAsync(async services =>
        {
            var users = services.GetRequiredService<UserDirectory>();
            return await services.GetRequiredService<AccountChanges>().ChangePasswordAsync(
                id, (await users.FindAsync(id, Cancel))!.PasswordHash!, standing: null, Cancel);
        });
    }

    private async Task ResetBudgetAsync(WalkingBrowser browser)
    {
        var id = await _world.IdOfAsync(Any(_people));
        await _world.Server.InScopeAsync(services => services.GetRequiredService<AccountChanges>().ResetGuessBudgetAsync(id, Cancel));
    }

    private async Task WaitAsync(WalkingBrowser browser)
    {
        var minutes = Any([0.1, 0.5, 1.1, 1.1, 5, 20, 31, 61, 180, 800, 2_000]);
        await _world.AdvanceAsync(TimeSpan.FromMinutes(minutes));
        Trace.Add(string.Create(CultureInfo.InvariantCulture, $"  {minutes} minutes"));
    }

    // Another network each time, so that its limits do not stop the walk.
    private Browser From(WalkingBrowser browser) => browser.Browser.From($"203.0.113.{_random.Next(1, 250)}");

    private T Any<T>(IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];
}

/// <summary>A browser on its walk: the page that it shows, those before it, and whom it should be signed in as.</summary>
internal sealed class WalkingBrowser(Browser browser)
{
    public Browser Browser => browser;

    public Answer? Page { get; set; }

    public List<Answer> History { get; } = [];

    public Guid? SignedIn { get; set; }

    public bool Shows(string selector) => Page?.Document.QuerySelector(selector) is not null;
}
