namespace IdentityServer.Mail;

/// <summary>A mail's words: the same content as plain text and as HTML.</summary>
/// <param name="Subject">One line. Shown on lock screens, so it never holds a code.</param>
/// <param name="Text">The plain text part.</param>
/// <param name="Html">The HTML part, a whole document.</param>
internal sealed record MailText(string Subject, string Text, string Html)
{
    /// <summary>The subject only: the parts may hold a one-time code.</summary>
    public override string ToString() => Subject;
}
