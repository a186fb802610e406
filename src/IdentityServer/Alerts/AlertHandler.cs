using System.Text.Json;
using IdentityServer.Domain.Users;
using IdentityServer.Languages;
using IdentityServer.Mail;
using IdentityServer.Outbox;
using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using IdentityServer.Users;

namespace IdentityServer.Alerts;

/// <summary>
/// Tells an account's owner of a security matter, at the address that the account had when it happened.
/// </summary>
internal sealed class AlertHandler(UserDirectory users, AddressChanges addresses, ServiceMail mail) : IOutboxHandler
{
    internal const string MessageKind = "sign-in-alert";

    // An alert is of use for longer than a code, but not for ever.
    private static readonly TimeSpan _lifetime = TimeSpan.FromHours(24);

    public string Kind => MessageKind;

    /// <summary>The outbox row of an alert.</summary>
    /// <param name="kind">What it tells.</param>
    /// <param name="userId">Whose account it is about.</param>
    /// <param name="source">Where the matter came from.</param>
    /// <param name="now">When it happened.</param>
    /// <param name="details">What else it needs.</param>
    public static OutboxMessage Message(AlertKind kind, Guid userId, AlertSource source, DateTimeOffset now, AlertDetails? details = null) => new()
    {
        Id = Guid.CreateVersion7(now),
        Kind = MessageKind,
        UserId = userId,
        ChallengeId = details?.ChallengeId,
        Payload = JsonSerializer.Serialize(new Alert(kind.ToString(), source, details)),
        CreatedAt = now,
        DueAt = now,
        ExpiresAt = now + _lifetime,
    };

    /// <summary>Tells whoever has an address, or may have it back, that somebody else wants it. Nobody else learns of it.</summary>
    public static OutboxMessage Wanted(AlertKind kind, AddressHolder holder, OtpChallenge challenge, DateTimeOffset now) => Message(
        holder.Until is null ? kind : AlertKind.AddressReserved, holder.UserId, AlertSource.Of(challenge), now,
        new(Recipient: holder.Email, ChallengeId: challenge.Id, Until: holder.Until));

    public async Task<DeliveryOutcome> DeliverAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        var user = await users.FindAsync(message.UserId, cancellationToken);
        if (JsonSerializer.Deserialize<Alert>(message.Payload) is not { Source: { } source } alert
            || await RecipientAsync(alert, user, message.CreatedAt, cancellationToken) is not { } recipient || !Enum.TryParse<AlertKind>(alert.Kind, out var kind))
        {
            return new DeliveryOutcome.Obsolete();
        }

        var words = Words.In((user is null ? null : AccountLocale.LanguageOf(user)?.Tag) ?? source.Language);
        var facts = new AlertMailFacts(
            mail.Product, message.CreatedAt, source.Browser is null ? null : BrowserName.Say(words, source.Browser), source.Network, mail.Host,
            alert.Details?.About, alert.Details?.Until ?? message.CreatedAt + AddressPolicy.RestorableFor);
        return await mail.SendAsync(recipient, Write(kind, words, facts), cancellationToken);
    }

    private async Task<string?> RecipientAsync(Alert alert, User? user, DateTimeOffset at, CancellationToken cancellationToken) =>
        alert.Details?.Recipient ?? (user is null ? null : await addresses.AtAsync(user, at, cancellationToken));

    private static MailText Write(AlertKind kind, Words words, AlertMailFacts facts) => kind switch
    {
        AlertKind.WrongCode => AlertMail.WrongCodeAfterRightPassword(words, facts),
        AlertKind.GuessBudgetExhausted => AlertMail.GuessBudgetExhausted(words, facts),
        AlertKind.AddressTaken => AlertMail.AddressTaken(words, facts),
        AlertKind.AddressWanted => AlertMail.AddressWanted(words, facts),
        AlertKind.AddressReserved => AlertMail.AddressReserved(words, facts),
        AlertKind.PasswordChanged => AlertMail.PasswordChanged(words, facts),
        AlertKind.AddressChangeAsked => AlertMail.AddressChangeAsked(words, facts),
        AlertKind.AddressChanged => AlertMail.AddressChanged(words, facts),
        AlertKind.AddressConfirmed => AlertMail.AddressConfirmed(words, facts),
        AlertKind.AddressRestored => AlertMail.AddressRestored(words, facts),
        AlertKind.AddressRebound => AlertMail.AddressRebound(words, facts),
        AlertKind.NewBrowser => AlertMail.NewBrowser(words, facts),
        AlertKind.AppConnected => AlertMail.AppConnected(words, facts),
        AlertKind.AccountDeleted => AlertMail.AccountDeleted(words, facts),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such alert."),
    };

    private sealed record Alert(string Kind, AlertSource Source, AlertDetails? Details = null);
}
