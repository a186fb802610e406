using System.Globalization;
using System.Net;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Faults;

/// <summary>What must be true of a code after its server was killed and another took over.</summary>
internal sealed class CodeChecks(Installation installation, RelyingParty client, Findings findings)
{
    // A mail that was not under way when the server died is sent as soon as the next one runs.
    private static readonly TimeSpan _mailPatience = TimeSpan.FromSeconds(30);

    /// <summary>Checks one sign-in.</summary>
    /// <returns>False when its mail is still to come: the server that died was just sending it, and its lease has to lapse first.</returns>
    public async Task<bool> CheckAsync(SignIn signIn, StoredSignIn? stored)
    {
        if (signIn.Challenge is null)
        {
            await StartOverAsync(signIn);
            return true;
        }

        if (!findings.Kept(stored is not null, signIn, "the challenge that the answer to the password named is gone"))
        {
            return true;
        }

        CheckSpends(signIn, stored!);
        if (signIn.Accepted is not null)
        {
            await CheckAcceptedAsync(signIn, stored!);
            return true;
        }

        if (stored!.Consumed)
        {
            findings.CutOff(done: true);
            findings.Sound(signIn.InFlight is Step.Code, signIn, "the challenge is consumed, and nobody sent its code");
            await RefuseAgainAsync(signIn);
            return true;
        }

        if (signIn.InFlight is { } step)
        {
            var counted = ChallengePolicy.Attempts - stored.Challenge.AttemptsLeft;
            findings.CutOff(done: step is Step.WrongCode && counted > signIn.WrongCodes);
        }

        findings.Kept(stored.Challenge.State == ChallengeState.Open, signIn, "the challenge is neither open nor consumed");
        return await FinishAsync(signIn, stored);
    }

    /// <summary>Signs in with a code that nobody has used yet.</summary>
    /// <returns>False when there is no code to use yet.</returns>
    public async Task<bool> FinishAsync(SignIn signIn, StoredSignIn stored)
    {
        if (signIn.Code is null && !await ReceiveAsync(signIn, stored.Mail))
        {
            return false;
        }

        await signIn.OpenCodePageAsync();
        var left = string.Create(CultureInfo.InvariantCulture, $"{stored.Challenge.AttemptsLeft} tries left");
        findings.Sound(signIn.CodePage!.Body.Contains(left, StringComparison.Ordinal), signIn, $"the code page does not say: {left}");
        var answer = await signIn.Browser.EnterCodeAsync(signIn.CodePage!, signIn.Code!);
        if (!findings.Kept(answer.OpensSession, signIn, $"the mailed code is refused: {answer.Status} {answer.Alert}"))
        {
            return true;
        }

        await RefuseAgainAsync(signIn);
        var back = await signIn.Browser.FollowAsync(answer);
        if (findings.Kept(back.Parameter("code") is not null, signIn, $"the sign-in does not lead back: {back.Status} {back.Location}"))
        {
            var tokens = await client.ExchangeAsync(back.Parameter("code")!);
            findings.Sound(tokens.Status == HttpStatusCode.OK, signIn, $"the sign-in ends without tokens: {tokens.Json}");
        }

        return true;
    }

    /// <summary>True when the mail that a sign-in waits for has arrived.</summary>
    public bool HasMail(SignIn signIn) => installation.Relay.Mails.Any(mail => mail.IsTo(signIn.Email));

    // The person may never have seen the answer to the password; whatever became of that, the password works.
    private async Task StartOverAsync(SignIn signIn)
    {
        if (signIn.InFlight is not Step.Password)
        {
            return;
        }

        var page = await signIn.Browser.FollowAsync(await signIn.Browser.GetAsync(client.Start()));
        var answer = await signIn.Browser.EnterPasswordAsync(page, signIn.Email);
        findings.Sound(answer.Status == HttpStatusCode.SeeOther, signIn, $"the password is refused: {answer.Status} {answer.Alert}");
    }

    private void CheckSpends(SignIn signIn, StoredSignIn stored)
    {
        var least = signIn.WrongCodes + (signIn.Accepted is null ? 0 : 1);
        var most = least + (signIn.InFlight is Step.WrongCode or Step.Code ? 1 : 0);
        var spent = ChallengePolicy.Attempts - stored.Challenge.AttemptsLeft;
        findings.Kept(
            spent >= least && stored.Challenge.AccountSpent >= least, signIn, $"{least} codes were answered, {spent} are counted");
        findings.Sound(spent <= most, signIn, $"{most} codes were sent, {spent} are counted");
        var charged = stored.Consumed ? 0 : stored.Challenge.AccountSpent;
        findings.Kept(
            stored.Budget.PasswordSpent == charged, signIn, $"the account is charged {stored.Budget.PasswordSpent}, not {charged}");
    }

    private async Task CheckAcceptedAsync(SignIn signIn, StoredSignIn stored)
    {
        findings.Kept(stored.Consumed, signIn, "the code was accepted, and its challenge is not consumed");
        findings.Kept(stored.Session is not null, signIn, "the code was accepted, and its session is gone");
        await RefuseAgainAsync(signIn);
        var silent = await signIn.Browser.FollowAsync(await signIn.Browser.GetAsync(client.Start(("prompt", "none"))));
        findings.Kept(silent.Parameter("code") is not null, signIn, $"the session cookie does not work: {silent.Status} {silent.Location}");
        if (signIn is { AuthorizationCode: null, InFlight: null })
        {
            var back = await signIn.Browser.FollowAsync(signIn.Accepted!);
            findings.Kept(back.Parameter("code") is not null, signIn, $"the sign-in does not go on: {back.Status} {back.Location}");
        }
    }

    private async Task<bool> ReceiveAsync(SignIn signIn, OutboxMessage mail)
    {
        if (!HasMail(signIn))
        {
            findings.Kept(mail.State != DeliveryState.HandedOver, signIn, "the mail is said to be handed over, and never arrived");
            findings.Kept(mail.DueAt is not null, signIn, $"the mail is {mail.State} and will never be sent");
            if (mail.LeasedUntil is not null)
            {
                return false;
            }
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(_mailPatience);
        signIn.Code = (await installation.Relay.TakeAsync(signIn.Email, limit.Token)).Code;
        return true;
    }

    // As somebody would who kept the code, the page and the cookies of the browser that it was for.
    private async Task RefuseAgainAsync(SignIn signIn)
    {
        var thief = new Browser(installation.Strangers, new CookieContainer(), installation.Relay, "192.0.2.1")
        {
            Headers = { ["Cookie"] = signIn.KeptCookies! },
        };
        var answer = await thief.EnterCodeAsync(signIn.CodePage!, signIn.Code!);
        findings.Once(!answer.OpensSession, signIn, "the code is accepted twice");
        findings.Sound(
            answer.Parameter("reason") == "code-void", signIn, $"a used code is answered with {answer.Status} {answer.Location} {answer.Alert}");
    }
}
