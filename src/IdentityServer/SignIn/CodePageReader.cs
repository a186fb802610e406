using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.SignIn;

/// <summary>What the code page shows of an open challenge.</summary>
/// <param name="Challenge">The challenge.</param>
/// <param name="Delivery">Where its newest mail is.</param>
internal sealed record CodePageView(OtpChallenge Challenge, DeliveryState Delivery);

/// <summary>Reads what the code page shows. Only the browser that asked for the challenge sees it.</summary>
internal sealed class CodePageReader(CeremonyReads reads, TimeProvider clock)
{
    /// <summary>Null for everything that is not open for this browser: expired, exhausted, consumed, unknown and foreign alike (I4).</summary>
    public async Task<CodePageView?> FindAsync(HandleCookie? pending, string purpose)
    {
        if (pending is null || await reads.ChallengeAsync(pending.Id, CancellationToken.None) is not { } challenge || !pending.Matches(challenge.BrowserHash)
            || challenge.Purpose != purpose || challenge.State != ChallengeState.Open || challenge.AttemptsLeft <= 0
            || !ChallengePolicy.IsValid(challenge.ExpiresAt, clock.GetUtcNow()))
        {
            return null;
        }

        return new(challenge, await reads.DeliveryAsync(challenge.Id, CancellationToken.None));
    }
}
