using IdentityServer.Mail;
using IdentityServer.Storage.Operations;

namespace IdentityServer.TestUsers;

/// <summary>A mail to a test user.</summary>
/// <param name="Id">The same whenever it is read.</param>
/// <param name="At">When it was sent.</param>
/// <param name="Subject">One line.</param>
/// <param name="Code">The one-time code in it, if it has one: ready to be entered.</param>
/// <param name="Text">The whole text.</param>
internal sealed record ReadableMail(Guid Id, DateTimeOffset At, string Subject, string? Code, string Text)
{
    /// <summary>The subject only: there may be a code in the rest.</summary>
    public override string ToString() => Subject;
}

/// <summary>
/// Reads the mail of test users. Whoever calls has made sure that the one who asks owns the client; that the mail is a test user's of that
/// client is made sure of here, whatever was asked for.
/// </summary>
internal sealed class TestMailbox(TestUserOperations mails, TestMailSeal seal, TimeProvider clock)
{
    /// <summary>Mails of one answer at most.</summary>
    public const int MostAtOnce = 50;

    /// <summary>
    /// The mails of a client's test user, newest first, as long as they are kept (<see cref="Domain.Users.TestUserPolicy.MailKept"/>).
    /// </summary>
    /// <param name="clientRowId">The client's row, not its <c>client_id</c>.</param>
    /// <param name="userId">The test user. Of anybody else, and of another client's, there is nothing to read: the list is empty.</param>
    /// <param name="since">Only what was sent then or later; null for all. Tests give the moment before they sign in.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<ReadableMail>> ReadAsync(
        string clientRowId, Guid userId, DateTimeOffset? since, CancellationToken cancellationToken)
    {
        var rows = await mails.MailsAsync(
            clientRowId, userId, since ?? DateTimeOffset.UnixEpoch, clock.GetUtcNow(), MostAtOnce, cancellationToken);
        return rows.ConvertAll(row =>
        {
            var mail = seal.Open(clientRowId, userId, row.ProtectedMail);
            return new ReadableMail(row.Id, row.At, mail.Subject, MailedCode.In(mail.Text), mail.Text);
        });
    }
}
