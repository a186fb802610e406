using System.Text.Json;
using IdentityServer.Languages;
using IdentityServer.Mail;
using IdentityServer.Outbox;
using IdentityServer.Storage.Entities;
using IdentityServer.Users;

namespace IdentityServer.SignIn;

/// <summary>What an account's owner is told of.</summary>
internal enum AlertKind
{
    WrongCode,
    GuessBudgetExhausted,
    AddressTaken,
    PasswordChanged,
}

/// <summary>Where what an alert tells of came from.</summary>
internal sealed record AlertSource(string? Browser, string? Network, string? Language)
{
    /// <summary>Where a challenge came from.</summary>
    public static AlertSource Of(OtpChallenge challenge) => new(challenge.Browser, challenge.Network, challenge.Language);
}

/// <summary>Tells an account's owner of a security matter, at the address that the account has when the mail goes out.</summary>
internal sealed class AlertHandler(UserDirectory users, SignInMail mail) : IOutboxHandler
{
    internal const string MessageKind = "sign-in-alert";

    // An alert is of use for longer than a code, but not for ever.
    private static readonly TimeSpan _lifetime = TimeSpan.FromHours(24);

    public string Kind => MessageKind;

    /// <summary>The outbox row of an alert.</summary>
    /// <param name="kind">What it tells.</param>
    /// <param name="userId">Whom it goes to.</param>
    /// <param name="source">Where the matter came from.</param>
    /// <param name="now">When it happened.</param>
    /// <param name="challengeId">The challenge whose page shows how this mail gets on, if one does.</param>
    public static OutboxMessage Message(AlertKind kind, Guid userId, AlertSource source, DateTimeOffset now, Guid? challengeId = null) => new()
    {
        Id = Guid.CreateVersion7(now),
        Kind = MessageKind,
        UserId = userId,
        ChallengeId = challengeId,
        Payload = JsonSerializer.Serialize(new Alert(kind.ToString(), source)),
        CreatedAt = now,
        DueAt = now,
        ExpiresAt = now + _lifetime,
    };

    public async Task<DeliveryOutcome> DeliverAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        if (await users.FindAsync(message.UserId, cancellationToken) is not { } user
            || JsonSerializer.Deserialize<Alert>(message.Payload) is not { Source: { } source } alert
            || !Enum.TryParse<AlertKind>(alert.Kind, out var kind))
        {
            return new DeliveryOutcome.Obsolete();
        }

        var words = Words.In(AccountLocale.LanguageOf(user)?.Tag ?? source.Language);
        var facts = new AlertMailFacts(mail.Product, message.CreatedAt, BrowserName.Say(words, source.Browser), source.Network, mail.Host);
        return await mail.SendAsync(user.Email, Write(kind, words, facts), cancellationToken);
    }

    private static MailText Write(AlertKind kind, Words words, AlertMailFacts facts) => kind switch
    {
        AlertKind.WrongCode => AlertMail.WrongCodeAfterRightPassword(words, facts),
        AlertKind.GuessBudgetExhausted => AlertMail.GuessBudgetExhausted(words, facts),
        AlertKind.AddressTaken => AlertMail.AddressTaken(words, facts),
        AlertKind.PasswordChanged => AlertMail.PasswordChanged(words, facts),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such alert."),
    };

    private sealed record Alert(string Kind, AlertSource Source);
}
