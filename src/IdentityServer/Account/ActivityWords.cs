using IdentityServer.Audit;

namespace IdentityServer.Account;

/// <summary>The security events that mean something to the person whose account it is. The others are the operator's.</summary>
internal static class ActivityWords
{
    /// <summary>The events, by their stable names.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        AuditEvents.SessionOpened, AuditEvents.SessionEnded, AuditEvents.ClientSignedOut, AuditEvents.CodeIssued, AuditEvents.CodeWrong,
        AuditEvents.GuessBudgetExhausted, AuditEvents.GuessBudgetReset, AuditEvents.ConsentGiven, AuditEvents.ConsentRefused,
        AuditEvents.ConsentRemoved, AuditEvents.TokenReplayed, AuditEvents.UserCreated, AuditEvents.PasswordChanged, AuditEvents.ProfileChanged,
        AuditEvents.AddressChangeAsked, AuditEvents.AddressChanged, AuditEvents.AddressRestored, AuditEvents.AddressRebound,
    ];

    /// <summary>The key of an event's text.</summary>
    public static string KeyOf(string name) => $"event.{name}";
}
