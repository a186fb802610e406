using IdentityServer.Alerts;
using IdentityServer.Clients;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Domain.Resources;
using IdentityServer.Grants;
using IdentityServer.Languages;
using IdentityServer.Outbox;
using IdentityServer.Pages;
using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using IdentityServer.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Protocol.Authorization;

/// <summary>
/// Asks what a client may see. It shows the question that the authorization endpoint wrote for this person and this request; without one
/// there is nothing to ask.
/// </summary>
[AuthorizeChain]
internal sealed class ConsentModel(
    SessionReader sessions, ConsentService consent, AskedAbout asked, UserDirectory users, OutboxSignal signals) : PageModel
{
    private ConsentQuestion? _question;
    private ResourceDirectory _resources = null!;

    [BindProperty(SupportsGet = true, Name = "client_id")]
    public string? ClientId { get; set; }

    [BindProperty(SupportsGet = true, Name = "request_uri")]
    public string? RequestUri { get; set; }

    [BindProperty]
    public string? Answer { get; set; }

    public ClientSettings Client { get; private set; } = null!;

    public string Account { get; private set; } = "";

    public string Destination { get; private set; } = "";

    /// <summary>Where somebody else signs in for the same request.</summary>
    public string OtherAccountUrl
    {
        get
        {
            var query = QueryString.Empty.Add("client_id", _question!.ClientId).Add("request_uri", _question.RequestUri);
            return "/sign-in" + (PageWords.Of(HttpContext).Wished is { } language ? query.Add(PageWords.UiLocales, language.Tag) : query);
        }
    }

    public IEnumerable<string> Lines => _question!.Scopes.Split(' ').Select(scope => ScopeWords.Of(PageWords.Of(HttpContext).Words, _resources, scope));

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken) =>
        await LoadAsync(cancellationToken) ? Page() : NotFound();

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (!await LoadAsync(cancellationToken) || Answer is not ("allow" or "deny"))
        {
            return NotFound();
        }

        var allowed = Answer == "allow";
        if (await consent.AnswerAsync(_question!, allowed, Connected, cancellationToken) && !allowed)
        {
            var trail = ClientTrail.Of(HttpContext);
            trail.Concerns(Client.Id);
            trail.Count(ActivityKinds.Declined);
        }

        signals.Notify();
        Response.Headers.Location = "/connect/authorize" + QueryString.Empty.Add("client_id", _question!.ClientId).Add("request_uri", _question.RequestUri);
        return StatusCode(StatusCodes.Status303SeeOther);
    }

    private OutboxMessage Connected(DateTimeOffset now) => AlertHandler.Message(
        AlertKind.AppConnected, _question!.UserId, AlertSource.Of(HttpContext), now, new(About: Client.Verified ? Client.Name : null));

    private async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        if (RequestUri is null || await sessions.CurrentAsync() is not { } session
            || await consent.FindAsync(RequestUri, session.UserId, cancellationToken) is not { Allowed: null } question
            || question.ClientId != ClientId
            || await asked.Clients.FindSettingsAsync(question.ClientId, cancellationToken) is not { } client
            || await users.FindAsync(session.UserId, cancellationToken) is not { } user)
        {
            return false;
        }

        _question = question;
        _resources = await asked.Scopes.ResourcesAsync(cancellationToken);
        (Client, Account) = (client, user.Email);
        PageWords.Of(HttpContext).Prefer(AccountLocale.Of(user));
        Destination = RedirectTarget.NameOf(question.RedirectUri);
        return true;
    }
}

/// <summary>What a question is about: a client, and scopes of resources.</summary>
internal sealed record AskedAbout(ClientCache Clients, ScopeCache Scopes);
