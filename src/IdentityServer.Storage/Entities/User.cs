namespace IdentityServer.Storage.Entities;

/// <summary>An account. <see cref="Id"/> in its "D" form is the <c>sub</c> that clients see.</summary>
public sealed class User
{
    public Guid Id { get; set; }

    /// <summary>The registered address, as given. The only address a code ever goes to.</summary>
    public required string Email { get; set; }

    /// <summary>The address in the form that look-ups use; unique.</summary>
    public required string NormalizedEmail { get; set; }

    public bool EmailVerified { get; set; }

    /// <summary>A PHC string, or an imported hash that is upgraded at the next sign-in.</summary>
    public string? PasswordHash { get; set; }

    /// <summary>Rises with each change of password or address; open challenges are bound to it and so become void.</summary>
    public long CredentialVersion { get; set; }

    /// <summary>Standard OpenID Connect claims by their own names, as a JSON object (OpenID Connect Core §5.1), without e-mail.</summary>
    public string Claims { get; set; } = "{}";

    /// <summary>Whether the person decides for the operator, such as on clients that ask for approval.</summary>
    public bool Administrator { get; set; }

    /// <summary>
    /// The <see cref="Client.Id"/> of the client that made this account to test itself with; null for a person's account. It signs in to
    /// that client only, and its mail never leaves.
    /// </summary>
    public string? TestOfClientId { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>What an account has left to guess. Made with the account, so that spending is one conditional update and never a count.</summary>
public sealed class AccountGuessBudget
{
    public Guid UserId { get; set; }

    public int Day { get; set; }

    public int DaySpent { get; set; }

    public int PreviousDaySpent { get; set; }

    public int Month { get; set; }

    public int MonthSpent { get; set; }

    public int PreviousMonthSpent { get; set; }

    /// <summary>Wrong codes since the last password change.</summary>
    public int PasswordSpent { get; set; }

    /// <summary>When code mails were enqueued of late (Unix seconds, comma-separated, newest last); see <c>CodeMailAllowance</c>.</summary>
    public string CodeMails { get; set; } = "";

    /// <summary>Set when a limit was reached: sign-in needs a password reset, whatever the buckets say later.</summary>
    public DateTimeOffset? ExhaustedAt { get; set; }

    /// <summary>The challenge whose spend reached the limit; should that very guess prove right, its refund lifts the stop again.</summary>
    public Guid? ExhaustedBy { get; set; }
}
