using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Pages;
using IdentityServer.Users;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.SignIn;

/// <summary>The second of the two pages: the mailed code.</summary>
[AuthorizeChain]
internal sealed class CodeModel(CodeStep step, CodePageReader reader, ChallengeIssuer issuer, UserDirectory users, TimeProvider clock)
    : CodePageModel(reader, clock, OtpPurpose.SignIn)
{
    public string MaskedAddress { get; private set; } = "";

    public string ResetUrl => Target.ResetPage();

    public Task<IActionResult> OnPostAsync(CancellationToken cancellationToken) => TakeAsync(
        (pending, code) => step.AnswerAsync(pending, code, SignInOrigin.Of(HttpContext, Target).Network, cancellationToken),

        // To the request that the challenge names, not the one in the address of this page: it was written when the password was given.
        accepted => ReturnRequest.Of(accepted.ClientId, accepted.RequestUri, page: Target.Page).Destination,
        cancellationToken);

    protected override bool TellsDelivery => true;

    protected override string AskUrl(string? reason) => Target.SignInPage(reason);

    protected override string PageUrl(Guid challengeId) => Target.CodePage(challengeId);

    protected override Task<ResendOutcome> ResendAsync(CancellationToken cancellationToken) => issuer.ResendAsync(View!.Challenge, cancellationToken);

    protected override async Task<bool> LoadMoreAsync(CancellationToken cancellationToken)
    {
        if (await users.FindAsync(View!.Challenge.UserId, cancellationToken) is not { } user)
        {
            return false;
        }

        // The account's language: only here, after its password. On the pages that strangers see it would tell that there is an account.
        MaskedAddress = AddressMask.Of(user.Email);
        Words.Prefer(View.Challenge.Language);
        return true;
    }

    protected override Task<IActionResult> ExhaustedAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IActionResult>(Stop(Words["sign-in.reset-needed"]));
}
