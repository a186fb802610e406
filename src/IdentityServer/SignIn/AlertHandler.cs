using IdentityServer.Mail;
using IdentityServer.Outbox;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.SignIn;

/// <summary>Tells an account's owner of a security matter.</summary>
internal sealed class AlertHandler(IdentityServerDbContext db, SignInMail mail) : IOutboxHandler
{
    internal const string MessageKind = "sign-in-alert";
    internal const string WrongCode = "wrong-code";
    internal const string GuessBudgetExhausted = "guess-budget-exhausted";

    // An alert is of use for longer than a code, but not for ever.
    private static readonly TimeSpan _lifetime = TimeSpan.FromHours(24);

    public string Kind => MessageKind;

    /// <summary>The outbox row of an alert about a challenge.</summary>
    public static OutboxMessage Message(string alert, OtpChallenge challenge, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Kind = MessageKind,
        UserId = challenge.UserId,
        Payload = new Alert(alert, challenge.Browser, challenge.Network).ToJson(),
        CreatedAt = now,
        DueAt = now,
        ExpiresAt = now + _lifetime,
    };

    public async Task<DeliveryOutcome> DeliverAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        var email = await db.Users.AsNoTracking()
            .Where(user => user.Id == message.UserId).Select(user => user.Email).SingleOrDefaultAsync(cancellationToken);
        if (email is null || Alert.FromJson(message.Payload) is not { } alert)
        {
            return new DeliveryOutcome.Obsolete();
        }

        var facts = new AlertMailFacts(mail.Product, message.CreatedAt, alert.Browser, alert.Network, mail.Host);
        var text = alert.Name == GuessBudgetExhausted ? AlertMail.GuessBudgetExhausted(facts) : AlertMail.WrongCodeAfterRightPassword(facts);
        return await mail.SendAsync(email, text, cancellationToken);
    }

    private sealed record Alert(string Name, string? Browser, string? Network)
    {
        public string ToJson() => System.Text.Json.JsonSerializer.Serialize(this);

        public static Alert? FromJson(string json) => System.Text.Json.JsonSerializer.Deserialize<Alert>(json);
    }
}
