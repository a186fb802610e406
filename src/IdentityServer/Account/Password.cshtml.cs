using System.Diagnostics;
using IdentityServer.Alerts;
using IdentityServer.Domain.Networks;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using IdentityServer.SignIn.Changes;
using IdentityServer.SignIn.Proofs;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Account;

/// <summary>Changes the password: the present one once more, and the new one.</summary>
[Sensitive]
internal sealed class PasswordModel(PasswordVerifier passwords, PasswordChange change) : AccountPageModel
{
    [BindProperty]
    public string? Current { get; set; }

    [BindProperty]
    public string? Password { get; set; }

    public string? PasswordProblem { get; private set; }

    protected override IReadOnlyDictionary<string, string> Notices { get; } =
        new Dictionary<string, string> { ["changed"] = "new-password.changed" };

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        // What is wrong with the new one is said before anything is checked that counts.
        PasswordProblem = PasswordWords.Problem(Words.Words, Password)
            ?? (string.Equals(Password, Current, StringComparison.Ordinal) ? Words["new-password.same"] : null);
        if (PasswordProblem is not null)
        {
            return Page();
        }

        var (user, session) = SignedIn;
        var verdict = await passwords.CheckAsync(
            user, user.NormalizedEmail, Current ?? "", NetworkAddress.Of(HttpContext.Connection.RemoteIpAddress), cancellationToken);
        if (verdict is not PasswordChecked.Right(var ticket))
        {
            return Refuse(verdict);
        }

        await passwords.GiveBackAsync(ticket);
        return await change.ChangeAsync(user, Password!, session, AlertSource.Of(HttpContext)) switch
        {
            PasswordChanged.Done => new SeeOther(AccountUrls.After("/account/password", "changed")),
            PasswordChanged.Overtaken => Refuse(Words["account.changed-meanwhile"]),
            PasswordChanged.TooOften(var wait) => Later("new-password.limit", wait),
            var other => throw new UnreachableException($"Unmapped outcome {other}."),
        };
    }
}
