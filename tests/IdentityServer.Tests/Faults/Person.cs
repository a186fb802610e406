using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Faults;

/// <summary>Somebody who signs in again and again, each time with another account, until the server dies.</summary>
internal sealed class Person(Installation installation, Accounts accounts, RelyingParty client, Peril peril, Random random)
{
    private const int MostWrongCodes = 2;
    private const int MostRefreshes = 3;

    private readonly ServerProcess _server = installation.Server;

    /// <summary>Goes on until the server is killed.</summary>
    /// <returns>What was acknowledged.</returns>
    public async Task<IReadOnlyList<SignIn>> LiveAsync()
    {
        var signIns = new List<SignIn>();
        while (!_server.Killed && accounts.Next() is { } next)
        {
            signIns.Add(next);
            try
            {
                await WalkAsync(next);
            }
            catch (Exception thrown) when (_server.Killed && thrown is HttpRequestException or IOException or OperationCanceledException)
            {
                // What is acknowledged is written down; everything else is open.
            }
        }

        return signIns;
    }

    private async Task WalkAsync(SignIn signIn)
    {
        var browser = signIn.Browser;
        var page = await browser.FollowAsync(await browser.GetAsync(client.Start()));
        page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
        await StepAsync(signIn, Step.Password, () => browser.EnterPasswordAsync(page, signIn.Email), answer =>
        {
            answer.Status.ShouldBe(HttpStatusCode.SeeOther, answer.Alert ?? answer.Body);
            (signIn.Passed, signIn.Challenge) = (answer, Guid.ParseExact(answer.Parameter("challenge")!, "N"));
        });
        await signIn.OpenCodePageAsync();
        signIn.Code = (await installation.Relay.TakeAsync(signIn.Email, _server.Life)).Code;
        await GuessAsync(signIn);
        await StepAsync(signIn, Step.Code, () => browser.EnterCodeAsync(signIn.CodePage!, signIn.Code), answer =>
        {
            answer.OpensSession.ShouldBeTrue($"{signIn}: {answer.Status} {answer.Alert}");
            signIn.Accepted = answer;
        });
        await StepAsync(signIn, Step.Authorize, () => browser.FollowAsync(signIn.Accepted!), signIn.TakeAuthorizationCode);
        await StepAsync(signIn, Step.Exchange, () => client.ExchangeAsync(signIn.AuthorizationCode!), answer => Take(signIn, answer));
        (await client.UserInfoAsync(signIn.Tokens[^1].AccessToken!)).Status.ShouldBe(HttpStatusCode.OK);
        await RefreshAsync(signIn);
    }

    private async Task GuessAsync(SignIn signIn)
    {
        for (var left = random.Next(-1, MostWrongCodes + 1); left > 0; left--)
        {
            var wrong = Browser.WrongCode(signIn.Code!, left);
            await StepAsync(signIn, Step.WrongCode, () => signIn.Browser.EnterCodeAsync(signIn.CodePage!, wrong), answer =>
            {
                answer.Alert.ShouldNotBeNull(answer.Body).ShouldContain("That code is not right");
                signIn.WrongCodes++;
            });
        }
    }

    private async Task RefreshAsync(SignIn signIn)
    {
        var refreshes = random.Next(MostRefreshes + 1);
        for (var done = 0; done < refreshes; done++)
        {
            await StepAsync(
                signIn, Step.Refresh, () => client.RefreshAsync(signIn.Tokens[^1].RefreshToken!), answer => Take(signIn, answer));
        }

        if (refreshes > 0 && random.Next(3) == 0)
        {
            await StepAsync(signIn, Step.Replay, () => client.RefreshAsync(signIn.Tokens[0].RefreshToken!), answer =>
            {
                answer.Error.ShouldBe("invalid_grant");
                signIn.FamilyDead = true;
            });
        }
    }

    private static void Take(SignIn signIn, TokenAnswer answer)
    {
        answer.Status.ShouldBe(HttpStatusCode.OK, $"{signIn}: {answer.Json}");
        signIn.Tokens.Add(answer);
    }

    private async Task StepAsync<T>(SignIn signIn, Step step, Func<Task<T>> send, Action<T> acknowledge)
    {
        signIn.InFlight = step;
        peril.Sent(step);
        var answer = await send();
        acknowledge(answer);
        signIn.InFlight = null;
        peril.Answered(step);
    }
}
