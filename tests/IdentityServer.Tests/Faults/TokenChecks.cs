using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Faults;

/// <summary>What must be true of a sign-in's tokens after the server was killed and another took over.</summary>
internal sealed class TokenChecks(RelyingParty client, Findings findings)
{
    // An authorization code lives for a minute; nothing is asked of one that may be too old when the question arrives.
    private static readonly TimeSpan _codeLifetime = TimeSpan.FromSeconds(40);

    /// <summary>Checks what a sign-in was given, and ends, now and then, with a replay that kills it.</summary>
    /// <param name="signIn">A sign-in whose code was accepted.</param>
    /// <param name="stored">What the killed server left of it.</param>
    /// <param name="spare">Leave it alive.</param>
    /// <param name="random">Chooses what is replayed.</param>
    public async Task CheckAsync(SignIn signIn, StoredSignIn stored, bool spare, Random random)
    {
        if (signIn.AuthorizationCode is null)
        {
            if (signIn.InFlight is Step.Authorize)
            {
                findings.CutOff(done: stored.Family is not null);
            }

            return;
        }

        if (!findings.Kept(stored.Tokens.Length > 0, signIn, "the authorization code is not there"))
        {
            return;
        }

        if (signIn.Tokens.Count == 0)
        {
            await CheckCodeAsync(signIn, stored);
            return;
        }

        findings.Kept(stored.Exchanged, signIn, "the authorization code was traded, and does not count as used");
        var least = signIn.Tokens.Count - 1;
        var most = least + (signIn.InFlight is Step.Refresh ? 1 : 0);
        findings.Kept(stored.Refreshes >= least, signIn, $"{least} refresh tokens were traded, {stored.Refreshes} count as used");
        findings.Sound(stored.Refreshes <= most, signIn, $"{most} refresh tokens were sent, {stored.Refreshes} count as used");
        if (signIn.InFlight is Step.Refresh or Step.Replay)
        {
            findings.CutOff(done: signIn.InFlight is Step.Replay ? stored.Dead : stored.Refreshes == signIn.Tokens.Count);
        }

        if (signIn.FamilyDead || (signIn.InFlight is Step.Replay && stored.Dead))
        {
            findings.Kept(stored.Dead, signIn, "a replay was refused, and its family lives");
            signIn.FamilyDead = true;
            await CheckDeadAsync(signIn);
            return;
        }

        findings.Kept(!stored.Dead, signIn, "the family is dead, and nobody replayed anything");
        await CheckAliveAsync(signIn);
        if (signIn.InFlight is Step.Refresh && stored.Refreshes == signIn.Tokens.Count)
        {
            // It was traded, but nobody has what it was traded for: trying again looks like a replay, and is one.
            await KillAsync(signIn, () => client.RefreshAsync(signIn.Tokens[^1].RefreshToken!), "a traded refresh token");
        }
        else if (!spare)
        {
            await ReplayAsync(signIn, random);
        }
    }

    /// <summary>Every access token that was given works.</summary>
    public async Task CheckAliveAsync(SignIn signIn)
    {
        foreach (var tokens in signIn.Tokens)
        {
            var user = await client.UserInfoAsync(tokens.AccessToken!);
            findings.Kept(user.Status == HttpStatusCode.OK, signIn, $"an access token does not work: {user.Status} {user.Json}");
        }
    }

    /// <summary>Nothing that was given works.</summary>
    public async Task CheckDeadAsync(SignIn signIn)
    {
        foreach (var tokens in signIn.Tokens)
        {
            var user = await client.UserInfoAsync(tokens.AccessToken!);
            findings.Kept(user.Status == HttpStatusCode.Unauthorized, signIn, $"an access token of a dead family is answered with {user.Status}");
        }

        var refreshed = await client.RefreshAsync(signIn.Tokens[^1].RefreshToken!);
        findings.Kept(
            refreshed.Error == "invalid_grant", signIn, $"a refresh token of a dead family is answered with {refreshed.Status} {refreshed.Error}");
    }

    /// <summary>Presents something that was used already.</summary>
    public async Task ReplayAsync(SignIn signIn, Random random)
    {
        if (signIn.Tokens.Count == 1 && signIn.CodeAge.Elapsed > _codeLifetime)
        {
            // Nothing of it can be replayed yet.
            var refreshed = await client.RefreshAsync(signIn.Tokens[0].RefreshToken!);
            if (!findings.Kept(refreshed.Status == HttpStatusCode.OK, signIn, $"the refresh token does not work: {refreshed.Json}"))
            {
                return;
            }

            signIn.Tokens.Add(refreshed);
        }

        var spent = random.Next(signIn.CodeAge.Elapsed > _codeLifetime ? 0 : -1, signIn.Tokens.Count - 1);
        await (spent < 0
            ? KillAsync(signIn, () => client.ExchangeAsync(signIn.AuthorizationCode!), "a traded authorization code")
            : KillAsync(signIn, () => client.RefreshAsync(signIn.Tokens[spent].RefreshToken!), "a traded refresh token"));
    }

    private async Task CheckCodeAsync(SignIn signIn, StoredSignIn stored)
    {
        var traded = signIn.InFlight is Step.Exchange && stored.Exchanged;
        findings.Sound(traded || !stored.Exchanged, signIn, "the authorization code counts as used, and nobody sent it");
        if (signIn.InFlight is Step.Exchange)
        {
            findings.CutOff(traded);
        }

        if (signIn.CodeAge.Elapsed > _codeLifetime)
        {
            return;
        }

        var tokens = await client.ExchangeAsync(signIn.AuthorizationCode!);
        if (traded)
        {
            findings.Once(
                tokens.Error == "invalid_grant", signIn, $"a traded authorization code is answered with {tokens.Status} {tokens.Error}");
        }
        else
        {
            findings.Kept(tokens.Status == HttpStatusCode.OK, signIn, $"the authorization code does not work: {tokens.Json}");
        }
    }

    private async Task KillAsync(SignIn signIn, Func<Task<TokenAnswer>> replay, string what)
    {
        var answer = await replay();
        findings.Once(answer.Error == "invalid_grant", signIn, $"{what} is answered with {answer.Status} {answer.Error}");
        signIn.FamilyDead = true;
        await CheckDeadAsync(signIn);
    }
}
