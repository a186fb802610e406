using System.Text.Json;
using IdentityServer.Domain.Networks;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Audit;

/// <summary>
/// What an audit event is about. Leave out what does not apply; the network is that of the request under way, where no other is named.
/// </summary>
internal sealed record AuditSubject(
    Guid? UserId = null, string? ClientId = null, Guid? SessionId = null, Guid? ChallengeId = null, string? Network = null);

/// <summary>
/// Keeps security decisions. An event is saved in the same transaction as the decision it tells of, so neither exists alone.
/// </summary>
internal sealed class AuditTrail(IdentityServerDbContext db, CeremonyWrites writes, IHttpContextAccessor http, TimeProvider clock)
{
    /// <summary>Adds an event to the context; the caller saves.</summary>
    /// <param name="name">One of <see cref="AuditEvents"/>.</param>
    /// <param name="subject">Whom and what it concerns.</param>
    /// <param name="details">Further facts; never an address, a code, a token or a secret.</param>
    public void Add(string name, AuditSubject subject, IReadOnlyDictionary<string, string>? details = null) =>
        db.AuditEvents.Add(Event(name, subject, details));

    /// <summary>Writes an event at once, past the context, in the unit of work that is open.</summary>
    /// <param name="name">One of <see cref="AuditEvents"/>.</param>
    /// <param name="subject">Whom and what it concerns.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    public Task WriteAsync(string name, AuditSubject subject, CancellationToken cancellationToken) =>
        writes.AddAsync(Event(name, subject, null), cancellationToken);

    private AuditEvent Event(string name, AuditSubject subject, IReadOnlyDictionary<string, string>? details)
    {
        var now = clock.GetUtcNow();
        return new()
        {
            Id = Guid.CreateVersion7(now),
            At = now,
            Name = name,
            UserId = subject.UserId,
            ClientId = subject.ClientId,
            SessionId = subject.SessionId,
            ChallengeId = subject.ChallengeId,
            Network = subject.Network ?? (http.HttpContext is { } context ? NetworkAddress.Of(context.Connection.RemoteIpAddress) : null),
            Details = details is null ? "{}" : JsonSerializer.Serialize(details),
        };
    }
}

/// <summary>The names of audit events: stable, because people search for them.</summary>
internal static class AuditEvents
{
    public const string CodeIssued = "one-time-code.issued";
    public const string CodeResent = "one-time-code.resent";
    public const string CodeWrong = "one-time-code.wrong";
    public const string GuessBudgetExhausted = "guess-budget.exhausted";
    public const string GuessRefused = "guess-budget.refused";
    public const string GuessBudgetReset = "guess-budget.reset";
    public const string FleetAlarm = "guess-budget.fleet-alarm";
    public const string SessionOpened = "session.opened";
    public const string SessionEnded = "session.ended";
    public const string ClientSignedOut = "session.client-signed-out";
    public const string ConsentGiven = "consent.given";
    public const string ConsentRefused = "consent.refused";
    public const string TokenReplayed = "token.replayed";
    public const string SignInRefused = "token.refused-without-session";
    public const string UserCreated = "user.created";
    public const string PasswordReset = "user.password-reset";
    public const string PasswordChanged = "user.password-changed";
    public const string ProfileChanged = "user.profile-changed";
    public const string AddressChangeAsked = "user.address-change-asked";
    public const string AddressChanged = "user.address-changed";
    public const string AddressRestored = "user.address-restored";
    public const string AddressRebound = "user.address-rebound";
    public const string UserDeleted = "user.deleted";
    public const string AdministratorAppointed = "user.administrator-appointed";
    public const string AdministratorDismissed = "user.administrator-dismissed";
    public const string TestUserCreated = "test-user.created";
    public const string TestUserDeleted = "test-user.deleted";
    public const string ConsentRemoved = "consent.removed";
    public const string ClientRegistered = "client.registered";
    public const string ClientChanged = "client.changed";
    public const string ClientDeleted = "client.deleted";
    public const string ClientOwnerAdded = "client.owner-added";
    public const string ClientOwnerRemoved = "client.owner-removed";
    public const string ClientOwnerInvited = "client.owner-invited";
    public const string ClientAgentAdded = "client.agent-added";
    public const string ClientAgentRemoved = "client.agent-removed";
    public const string ClientApprovalAsked = "client.approval-asked";
    public const string ClientApproved = "client.approved";
    public const string ClientApprovalRefused = "client.approval-refused";
    public const string ClientLogoChanged = "client.logo-changed";
    public const string ClientSecretMade = "client.secret-made";
    public const string ClientSecretRetired = "client.secret-retired";
    public const string RegistrationTokenCreated = "registration-token.created";
    public const string RegistrationTokenUsed = "registration-token.used";
    public const string RegistrationTokenRevoked = "registration-token.revoked";
    public const string ResourceRegistered = "resource.registered";
    public const string ResourceChanged = "resource.changed";
    public const string SigningKeyMade = "signing-key.made";
    public const string SigningKeyRotated = "signing-key.rotated";
    public const string SigningKeyRevoked = "signing-key.revoked";
    public const string RootSecretReplaced = "root-secret.replaced";
    public const string CodeKeyReplaced = "code-key.replaced";
}
