using System.Globalization;
using IdentityServer.Clients;
using IdentityServer.Languages;
using IdentityServer.Pages;
using IdentityServer.Settings;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.WebUtilities;

namespace IdentityServer.Protocol.EndSession;

/// <summary>
/// Tells clients through the person's browser (OpenID Connect Front-Channel Logout 1.0): a page with a frame for each, and then onward. The
/// page is the answer to the very request that ended the session. So there is no address, cookie or row that anybody could call it up
/// by, or put other frames or another destination into.
/// </summary>
internal sealed class FrontChannel(ClientCache clients, UserDirectory users, Installation installation, IModelMetadataProvider metadata)
{
    private const string View = "/Protocol/EndSession/FrontChannel.cshtml";

    // A page that loads more would not be done within its time anyway; the newest sessions come first.
    private const int MostFrames = 50;

    /// <summary>What the browser is to load: an address for each client that registered one, and each session that ended.</summary>
    public async Task<IReadOnlyList<string>> FramesAsync(IReadOnlyList<SessionClient> took, CancellationToken cancellationToken)
    {
        var frames = new List<string>();
        foreach (var (sessionId, clientRowId) in took.OrderByDescending(client => client.SessionId))
        {
            if (frames.Count < MostFrames && await clients.FindByKeyAsync(clientRowId, cancellationToken) is { Settings.Metadata.FrontchannelLogoutUri: { } address })
            {
                // §2: both are added to what is registered, whose own query is kept.
                frames.Add(QueryHelpers.AddQueryString(
                    QueryHelpers.AddQueryString(address, "iss", installation.Issuer.AbsoluteUri), SubjectPrincipal.SessionId, sessionId.ToString("N")));
            }
        }

        return frames;
    }

    /// <summary>The page.</summary>
    /// <param name="http">The request that ended the session.</param>
    /// <param name="ended">The session that it ended.</param>
    /// <param name="frames">What to load; at least one.</param>
    /// <param name="onward">Where the browser goes then: a path of ours, or a validated address with its parameters.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IActionResult> PageAsync(
        HttpContext http, AuthenticationSession ended, IReadOnlyList<string> frames, string onward, CancellationToken cancellationToken)
    {
        if (await users.FindAsync(ended.UserId, cancellationToken) is { } user)
        {
            PageWords.Of(http).Prefer(AccountLocale.Of(user));
        }

        var security = ContentSecurity.Of(http);
        security.LimitFramesTo(frames.Select(frame => new Uri(frame, UriKind.Absolute)));
        return new ViewResult
        {
            ViewName = View,
            StatusCode = StatusCodes.Status200OK,
            ViewData = new ViewDataDictionary<FrontChannelPage>(metadata, new ModelStateDictionary())
            {
                Model = new FrontChannelPage(frames, onward, security.Nonce),
            },
        };
    }
}

/// <summary>What the page loads, and where it leads.</summary>
/// <param name="Frames">The clients' addresses.</param>
/// <param name="Onward">Where the browser goes afterwards.</param>
/// <param name="Nonce">Lets the page's one script run.</param>
internal sealed record FrontChannelPage(IReadOnlyList<string> Frames, string Onward, string Nonce)
{
    // For so many seconds clients are waited for: without script always, with it only for those that do not answer.
    private const int Patience = 5;

    /// <summary>The same for the script.</summary>
    public const int PatienceInMilliseconds = Patience * 1_000;

    /// <summary>Has a browser without script go on by itself.</summary>
    public string Refresh => string.Create(CultureInfo.InvariantCulture, $"{Patience};url={Onward}");
}
