namespace IdentityServer.Domain.Users;

/// <summary>The constants of a change of address.</summary>
public static class AddressPolicy
{
    /// <summary>
    /// For so long after a change of address the former mailbox can have the account back: long enough to read mail once over a weekend,
    /// short enough for somebody who leaves a mailbox behind.
    /// </summary>
    public static readonly TimeSpan RestorableFor = TimeSpan.FromDays(3);
}
