using System.Security.Cryptography;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Languages;
using IdentityServer.Secrets;
using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using IdentityServer.Users;

namespace IdentityServer.SignIn;

/// <summary>A challenge that was just made, and the handle that its browser gets.</summary>
internal sealed record IssuedChallenge(OtpChallenge Row, HandleCookie Handle);

/// <summary>Whom a challenge is for.</summary>
/// <param name="UserId">The account, or what stands in for one.</param>
/// <param name="CredentialVersion">The account's, or <see cref="OtpChallenge.NoAccount"/>.</param>
/// <param name="Locale">The account's language, if it has one.</param>
/// <param name="LimitKey">What the limits of a proof count by.</param>
internal sealed record ChallengeSubject(Guid UserId, long CredentialVersion, string? Locale, Guid LimitKey)
{
    /// <summary>An account.</summary>
    public static ChallengeSubject Of(User user, Guid? limitKey = null) =>
        new(user.Id, user.CredentialVersion, AccountLocale.Of(user), limitKey ?? user.Id);

    /// <summary>An address that has no account, or whose account does not matter.</summary>
    public static ChallengeSubject OfAddress(Guid standIn) => new(standIn, OtpChallenge.NoAccount, null, standIn);
}

/// <summary>Makes challenges and the messages that mail their codes. Nothing is written here.</summary>
internal sealed class ChallengeFactory(InstallationSecrets secrets, TimeProvider clock)
{
    // Without letters and digits that people mistake for each other.
    private const string ReferenceAlphabet = "ACDEFGHJKMNPQRTUVWXY3479";

    /// <summary>A challenge for the browser that asks: fresh seed, fresh handle, half an hour from now.</summary>
    public async ValueTask<IssuedChallenge> CreateAsync(
        string purpose, ChallengeSubject subject, SignInOrigin origin, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var key = await secrets.OtpKeyAsync(cancellationToken);
        var handle = HandleCookie.Create(Guid.CreateVersion7(now));
        var locale = origin.Chosen || subject.Locale is null ? null : SupportedLanguages.Match([subject.Locale]);
        return new(
            new OtpChallenge
            {
                Id = handle.Id,
                UserId = subject.UserId,
                LimitKey = subject.LimitKey,
                Purpose = purpose,
                Seed = RandomNumberGenerator.GetBytes(OneTimeCodeDerivation.SeedLength),
                BrowserHash = handle.Hash,
                CredentialVersion = subject.CredentialVersion,
                KeyId = key.Id,
                Reference = RandomNumberGenerator.GetString(ReferenceAlphabet, 4),
                AttemptsLeft = ChallengePolicy.Attempts,
                Sends = 1,
                LastSentAt = now,
                CreatedAt = now,
                ExpiresAt = now + ChallengePolicy.Lifetime,
                ClientId = origin.Return.ClientId,
                RequestUri = origin.Return.RequestUri,
                Language = (locale ?? origin.Language).Tag,
                Browser = origin.Browser,
                Network = origin.Network,
            },
            handle);
    }

    /// <summary>The message that mails a challenge's code.</summary>
    public static OutboxMessage CodeMail(OtpChallenge challenge, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Kind = CodeMailHandler.MessageKind,
        UserId = challenge.UserId,
        ChallengeId = challenge.Id,
        CreatedAt = now,
        DueAt = now,
        ExpiresAt = challenge.ExpiresAt,
    };
}
