using IdentityServer.Audit;
using IdentityServer.Storage.Entities;

namespace IdentityServer.SignIn;

/// <summary>Whom an event about a challenge names.</summary>
internal static class ChallengeAudit
{
    /// <summary>Its account, if there is one: of what only stands in for an account, no event names a user.</summary>
    public static AuditSubject About(OtpChallenge challenge, string? network) => new(
        UserId: challenge.CredentialVersion == OtpChallenge.NoAccount ? null : challenge.UserId,
        ClientId: challenge.ClientId, ChallengeId: challenge.Id, Network: network);
}
