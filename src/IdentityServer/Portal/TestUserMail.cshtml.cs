using System.Globalization;
using IdentityServer.TestUsers;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal;

/// <summary>The mail of one test user of a client, with each code ready to be entered.</summary>
internal sealed class TestUserMailModel(TestUserDirectory directory, TestMailbox mailbox) : ClientPageModel
{
    /// <summary>The test user; of anybody else there is no such page.</summary>
    [BindProperty(SupportsGet = true, Name = "userId")]
    public Guid UserId { get; set; }

    public TestUser TestUser { get; private set; } = null!;

    public IReadOnlyList<ReadableMail> Mails { get; private set; } = [];

    /// <summary>A moment as programs read it.</summary>
    public static string Timestamp(ReadableMail mail) => mail.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        if (await directory.FindAsync(Client.Settings.Id, UserId, cancellationToken) is not { } user)
        {
            return NotFound();
        }

        TestUser = user;
        Mails = await mailbox.ReadAsync(Client.Settings.Id, user.Id, since: null, cancellationToken);
        return Page();
    }
}
