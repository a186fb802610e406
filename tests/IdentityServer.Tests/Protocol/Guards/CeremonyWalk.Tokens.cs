using System.Net;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Secrets;
using IdentityServer.Sessions;
using IdentityServer.SignIn;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Protocol.Guards;

/// <content>What clients do with what browsers bring, and what must be true of it at once.</content>
internal sealed partial class CeremonyWalk
{
    private readonly Dictionary<Guid, Guid> _owners = []; // whose password was given, by challenge
    private readonly HashSet<Guid> _answered = [];
    private readonly List<(RelyingParty Client, string Code, Guid Subject)> _codes = [];
    private readonly List<(RelyingParty Client, TokenAnswer Tokens, Guid Subject)> _tokens = [];

    private async Task ExchangeAsync(WalkingBrowser browser)
    {
        // Mostly the newest: codes live a minute, and most were traded as soon as they came.
        var (client, code, subject) = _random.Next(4) == 0 ? Any(_codes) : _codes[^1];
        var by = _random.Next(8) == 0 ? Any(_clients) : client;
        await TradeAsync(by, subject, by.Id == client.Id, () => by.ExchangeAsync(code, ("code_verifier", client.Verifier)));
    }

    private async Task RefreshAsync(WalkingBrowser browser)
    {
        var (client, tokens, subject) = _random.Next(3) == 0 ? Any(_tokens) : _tokens[^1];
        var by = _random.Next(8) == 0 ? Any(_clients) : client;
        await TradeAsync(by, subject, by.Id == client.Id, () => by.RefreshAsync(tokens.RefreshToken!));
    }

    private async Task TradeAsync(RelyingParty by, Guid subject, bool own, Func<Task<TokenAnswer>> trade)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, _random.Next(8) == 0 ? 2 : 1).Select(_ => trade()));
        TokenRequests += answers.Length;
        answers.Count(answer => answer.Status == HttpStatusCode.OK).ShouldBeLessThanOrEqualTo(1);
        foreach (var answer in answers)
        {
            if (answer.Status != HttpStatusCode.OK)
            {
                answer.Status.ShouldBe(HttpStatusCode.BadRequest);
                answer.Error.ShouldBe("invalid_grant");
                continue;
            }

            own.ShouldBeTrue("nobody trades what another client was given");
            TokenAnswers++;
            answer.IdTokenClaims.GetProperty("sub").GetString().ShouldBe(subject.ToString("D"));
            await ShouldHoldAsync(Guid.ParseExact(answer.IdTokenClaims.GetProperty("sid").GetString()!, "N"), subject, SessionLife.Refreshing);
            _tokens.Add((by, answer, subject));
        }
    }

    private async Task UserInfoAsync(WalkingBrowser browser)
    {
        var (client, tokens, subject) = Any(_tokens);
        var answer = await client.UserInfoAsync(tokens.AccessToken!);
        answer.Status.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.Unauthorized);
        if (answer.Status == HttpStatusCode.OK)
        {
            answer.Json.GetProperty("sub").GetString().ShouldBe(subject.ToString("D"));
        }
    }

    private async Task SignOutAtClientAsync(WalkingBrowser browser)
    {
        var answer = await From(browser).FollowAsync(await From(browser).GetAsync("/connect/endsession?id_token_hint=" + Any(_tokens).Tokens.IdToken));
        await ArriveAsync(browser, answer);
        browser.SignedIn = SessionCookieOf(browser) is null ? null : browser.SignedIn;
    }

    private async Task ArriveAsync(WalkingBrowser browser, Answer answer)
    {
        ShouldNotHaveFailed(answer);
        Trace.Add($"  {(int)answer.Status} {answer.Location?.GetLeftPart(UriPartial.Path) ?? answer.Message.RequestMessage!.RequestUri!.AbsolutePath} {answer.Parameter("error")}{answer.Alert}");
        if (answer.Location is null)
        {
            browser.Page = answer;
            browser.History.Add(answer);
        }

        if (answer.Parameter("code") is { } code)
        {
            var subject = browser.SignedIn.ShouldNotBeNull("only a browser that answered a challenge brings a code");
            await ShouldHoldAsync(SessionCookieOf(browser).ShouldNotBeNull().Id, subject, SessionLife.InBrowser);
            var client = _clients.Single(client => client.Id == answer.Parameter("state"));
            _codes.Add((client, code, subject));
            if (_random.Next(3) != 0)
            {
                await TradeAsync(client, subject, own: true, () => client.ExchangeAsync(code));
            }
        }
    }

    private async Task ShouldHoldAsync(Guid sessionId, Guid subject, SessionLife life)
    {
        var now = _world.Clock.GetUtcNow();
        var session = await _world.ReadAsync(db => db.AuthenticationSessions.AsNoTracking().SingleAsync(row => row.Id == sessionId, Cancel));
        session.UserId.ShouldBe(subject);
        session.EndedAt.ShouldBeNull();
        (life == SessionLife.InBrowser ? session.BrowserExpiresAt : session.ExpiresAt).ShouldBeGreaterThan(now);
        _owners[session.ChallengeId].ShouldBe(subject);
        _answered.ShouldContain(session.ChallengeId);
    }

    private HandleCookie? SessionCookieOf(WalkingBrowser browser) =>
        HandleCookie.TryParse(browser.Browser.Cookies.GetCookies(_world.Server.Address)["idsrv.session"]?.Value, out var handle) ? handle : null;

    // From the server's own secrets: the walk turns the clock more often than mail could follow. Null for a challenge that is gone.
    private Task<string?> RightCodeAsync(Guid challengeId) => _world.Server.InScopeAsync(async services =>
    {
        var challenge = await services.GetRequiredService<Storage.IdentityServerDbContext>().OtpChallenges.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == challengeId, Cancel);
        return challenge is not null && await services.GetRequiredService<InstallationSecrets>().OtpKeyAsync(challenge.KeyId, Cancel) is { } key
            ? OneTimeCodeDerivation.Derive(key.Bytes.Span, challenge.Binding()).Reveal()
            : null;
    });

    private static Guid ChallengeOf(Answer page)
    {
        var action = page.Document.QuerySelector("form")!.GetAttribute("action")!;
        return Guid.ParseExact(System.Web.HttpUtility.ParseQueryString(action[action.IndexOf('?', StringComparison.Ordinal)..])["challenge"]!, "N");
    }

    private static bool OpensSession(Answer answer) => answer.Message.Headers.TryGetValues("Set-Cookie", out var set)
        && set.Any(cookie => cookie.StartsWith("idsrv.session=", StringComparison.Ordinal) && !cookie.StartsWith("idsrv.session=;", StringComparison.Ordinal));

    private static void ShouldNotHaveFailed(params Answer[] answers)
    {
        foreach (var answer in answers)
        {
            ((int)answer.Status).ShouldBeLessThan(500, answer.Message.RequestMessage!.RequestUri!.PathAndQuery);
        }
    }

    private enum SessionLife
    {
        InBrowser,
        Refreshing,
    }
}
