using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace IdentityServer.Mail;

/// <summary>What is kept of a mail to a test user.</summary>
/// <param name="Subject">One line.</param>
/// <param name="Text">The text part.</param>
internal sealed record KeptMail(string Subject, string Text)
{
    /// <summary>The subject only: there may be a code in the text.</summary>
    public override string ToString() => Subject;
}

/// <summary>
/// Wraps the mails of test users while they wait to be read: there are codes in them, and whoever steals the database reads none. Each is
/// bound to its client and its user, so that a row that is moved to another opens for nobody.
/// </summary>
internal sealed class TestMailSeal(IDataProtectionProvider protection)
{
    private const string Purpose = "IdentityServer.TestMails.v1";

    /// <summary>What the row is to hold.</summary>
    public string Close(string clientRowId, Guid userId, KeptMail mail) => For(clientRowId, userId).Protect(JsonSerializer.Serialize(mail));

    /// <summary>What a row holds.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">It was wrapped for another client or user, or was changed.</exception>
    public KeptMail Open(string clientRowId, Guid userId, string closed) =>
        JsonSerializer.Deserialize<KeptMail>(For(clientRowId, userId).Unprotect(closed))
            ?? throw new InvalidOperationException("A kept mail is never empty.");

    private IDataProtector For(string clientRowId, Guid userId) => protection.CreateProtector(Purpose, clientRowId, userId.ToString("N"));
}
