using IdentityServer.Domain.Networks;
using IdentityServer.Languages;
using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Alerts;

/// <summary>What an account's owner is told of.</summary>
internal enum AlertKind
{
    /// <summary>A wrong code after the right password.</summary>
    WrongCode,

    /// <summary>No guesses are left.</summary>
    GuessBudgetExhausted,

    /// <summary>Somebody wanted to make an account with an address that has one.</summary>
    AddressTaken,

    /// <summary>Somebody wanted to give another account an address that has one.</summary>
    AddressWanted,

    /// <summary>Somebody wanted an address that the account may have back.</summary>
    AddressReserved,

    /// <summary>The password was changed.</summary>
    PasswordChanged,

    /// <summary>Another address was asked for; nothing has changed yet.</summary>
    AddressChangeAsked,

    /// <summary>The account has another address; told to the one that it had.</summary>
    AddressChanged,

    /// <summary>The account has this address from now on.</summary>
    AddressConfirmed,

    /// <summary>The account was given back to the address that it had before; told to the one that loses it.</summary>
    AddressRestored,

    /// <summary>The operator gave the account another address; told to both.</summary>
    AddressRebound,

    /// <summary>A sign-in from a browser that was not seen before.</summary>
    NewBrowser,

    /// <summary>An application may see something from now on.</summary>
    AppConnected,

    /// <summary>The account is gone.</summary>
    AccountDeleted,
}

/// <summary>Where what an alert tells of came from.</summary>
internal sealed record AlertSource(string? Browser, string? Network, string? Language)
{
    /// <summary>Where a challenge came from.</summary>
    public static AlertSource Of(OtpChallenge challenge) => new(challenge.Browser, challenge.Network, challenge.Language);

    /// <summary>Where a request comes from.</summary>
    public static AlertSource Of(HttpContext context) => new(
        BrowserName.Of(context.Request.Headers.UserAgent),
        NetworkAddress.Of(context.Connection.RemoteIpAddress),
        PageWords.Of(context).Language.Tag);
}

/// <summary>What else an alert needs.</summary>
/// <param name="Recipient">The stored address that it goes to, whatever the account's is by then; null for the one that the account had.</param>
/// <param name="About">The other address, shortened, or the name of an application that the operator vouches for.</param>
/// <param name="ChallengeId">The challenge whose page shows how this mail gets on, if one does.</param>
/// <param name="Until">Until when something can be undone; null for three days from when it happened.</param>
internal sealed record AlertDetails(string? Recipient = null, string? About = null, Guid? ChallengeId = null, DateTimeOffset? Until = null);
