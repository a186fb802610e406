using System.Diagnostics;
using IdentityServer.Clients;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Authorization;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Domain.Sessions;
using IdentityServer.Domain.SignIn;
using IdentityServer.Grants;
using IdentityServer.Languages;
using IdentityServer.Protocol.Resources;
using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using Microsoft.AspNetCore;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Authorization;

/// <summary>
/// The authorization endpoint's decision, and the only place that chooses the next step: gather the facts, ask the pure rule, act.
/// A page sends the person back here; here it is decided what comes next.
/// </summary>
internal sealed class DecideNextStep(SessionReader sessions, ConsentService consent, DecisionParts parts, TimeProvider clock)
    : IOpenIddictServerHandler<HandleAuthorizationRequestContext>
{
    // A subject that nobody has.
    private const string Stranger = "";

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleAuthorizationRequestContext>()
            .UseScopedHandler<DecideNextStep>()
            .SetOrder(Authentication.AttachPrincipal.Descriptor.Order + 1_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(HandleAuthorizationRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);

        // Without a reference the request is being stored: OpenIddict does that and sends the browser back with the reference.
        if (context.Request.RequestUri is not { Length: > 0 } requestUri)
        {
            return;
        }

        var client = await parts.Clients.FindSettingsAsync(context.ClientId!, context.CancellationToken)
            ?? throw new InvalidOperationException("The client was validated and must exist.");
        var session = await sessions.CurrentAsync();
        var facts = await FactsAsync(context, client, session, requestUri);
        switch (SignInDecision.Decide(facts))
        {
            case NextStep.SignIn:
                CountBegun(context, client, requestUri);
                SendTo(context, "/sign-in", requestUri, context.Request.LoginHint, ExpectsAnother(facts) ? "other-account" : AsksPowerTooLate(context, session) ? "stale" : null);
                break;
            case NextStep.SignUp: // where sign-up is off, the prompt value was refused before
                CountBegun(context, client, requestUri);
                SendTo(context, "/sign-up", requestUri);
                break;
            case NextStep.Consent:
                // Whoever signed in for this very request was counted then.
                if (!string.Equals(session!.RequestUri, requestUri, StringComparison.Ordinal))
                {
                    CountBegun(context, client, requestUri);
                }

                await consent.AskAsync(Question(context, client, session, requestUri), context.CancellationToken);
                SendTo(context, "/consent", requestUri);
                break;
            case NextStep.Grant:
                context.SignIn(SubjectPrincipal.Of(session!, context.Request.GetScopes(), GrantedResources.Of(context.Transaction).Resources));
                break;
            case NextStep.RefuseLoginRequired:
                context.Reject(Errors.LoginRequired, "The person has to sign in, and the request forbids asking.");
                break;
            case NextStep.RefuseConsentRequired:
                context.Reject(Errors.ConsentRequired, "The person has to consent, and the request forbids asking.");
                break;
            case NextStep.RefuseAccessDenied:
                context.Reject(Errors.AccessDenied, "The person did not consent.");
                break;
            case NextStep.RefuseTestUser:
                context.Reject(Errors.AccessDenied, "The account is a test user of another client, and signs in to that one only.");
                break;
            case NextStep.RefuseInvalidPrompt:
                context.Reject(Errors.InvalidRequest, "prompt=none goes with no other value (OpenID Connect Core §3.1.2.1).");
                break;
            case var other:
                throw new UnreachableException($"Unmapped step {other}.");
        }
    }

    // Once for a request, however often its pages are loaded.
    private void CountBegun(HandleAuthorizationRequestContext context, ClientSettings client, string requestUri)
    {
        if (parts.Begun.IsFirst(requestUri))
        {
            var trail = ClientTrail.Of(context.Transaction.GetHttpRequest()!.HttpContext);
            trail.Concerns(client.Id);
            trail.Count(ActivityKinds.Asked);
        }
    }

    private async Task<AuthorizationFacts> FactsAsync(
        HandleAuthorizationRequestContext context, ClientSettings client, AuthenticationSession? session, string requestUri)
    {
        var now = clock.GetUtcNow();

        // Power over clients is given to nobody in silence, not even to the server's own tool: any program on a person's machine can pass for
        // that (RFC 8252 §8.6). Whoever did not sign in for this very request is asked, and signs in again where the portal would ask for that.
        var asksPower = AsksPower(context);
        var question = session is null ? null : await consent.FindAsync(requestUri, session.UserId, context.CancellationToken);
        return new(
            session is null ? null : new SessionFacts(
                session.UserId.ToString("D"), session.AuthenticatedAt, session.RequestUri, await sessions.TestsAnotherAsync(client.Id)),
            context.Request.GetPromptValues(),
            AsksPowerTooLate(context, session) ? TimeSpan.Zero
                : MaxAge.TryRead((string?)context.Request.GetParameter(Parameters.MaxAge), out var age) ? age : client.DefaultMaxAge,
            await HintedSubjectAsync(context, client, session),
            requestUri,
            (!asksPower || session?.RequestUri == requestUri) && (client.FirstParty || (session is not null
                && await consent.CoversAsync(session.UserId, client.ClientId, ScopesToConsent(context, client), context.CancellationToken))),
            question?.Allowed,
            now);
    }

    private static bool AsksPower(HandleAuthorizationRequestContext context) => context.Request.GetScopes().Any(ManagementScopes.All.Contains);

    // A token with such a scope makes secrets: it must not be had for less than the portal's page of secrets.
    private bool AsksPowerTooLate(HandleAuthorizationRequestContext context, AuthenticationSession? session) =>
        session is not null && AsksPower(context) && !SessionPolicy.IsFresh(session.AuthenticatedAt, clock.GetUtcNow());

    private static ConsentQuestion Question(
        HandleAuthorizationRequestContext context, ClientSettings client, AuthenticationSession session, string requestUri) => new()
        {
            RequestUri = requestUri,
            UserId = session.UserId,
            ClientId = client.ClientId,
            RedirectUri = context.Transaction.GetProperty<ValidateAuthorizationRequestContext>(typeof(ValidateAuthorizationRequestContext).FullName!)?.RedirectUri
                ?? throw new InvalidOperationException("The redirect URI was validated and must be known."),
            Scopes = string.Join(' ', ScopesToConsent(context, client)),
        };

    private static IEnumerable<string> ScopesToConsent(HandleAuthorizationRequestContext context, ClientSettings client) =>
        RequestedClaims.Of(context.Request, client).ScopesToConsent;

    // Either way of naming somebody will do (OpenID Connect Core §3.1.2.1, §5.5.1). A client names people as it knows them.
    private async Task<string?> HintedSubjectAsync(HandleAuthorizationRequestContext context, ClientSettings client, AuthenticationSession? session)
    {
        var hinted = context.IdentityTokenHintPrincipal?.GetClaim(Claims.Subject)
            ?? (ClaimsRequest.TryRead((string?)context.Request.GetParameter(Parameters.Claims), out var asked, out _) ? asked.Subject : null);
        if (hinted is null || session is null || client.Sector is null)
        {
            return hinted;
        }

        // The account's own subject is not this client's to name: it could find out who is who by asking.
        return string.Equals(hinted, await parts.Subjects.OfAsync(session.UserId, client, context.CancellationToken), StringComparison.Ordinal)
            ? session.UserId.ToString("D")
            : Stranger;
    }

    // To whoever is signed in already, being asked again says nothing.
    private static bool ExpectsAnother(AuthorizationFacts facts) =>
        facts.Session is { TestsAnotherClient: true } || facts is { Session: { } session, HintedSubject: { } hinted } && !string.Equals(hinted, session.Subject, StringComparison.Ordinal);

    private static void SendTo(
        HandleAuthorizationRequestContext context, string page, string requestUri, string? loginHint = null, string? reason = null)
    {
        var response = context.Transaction.GetHttpRequest()!.HttpContext.Response;
        var query = QueryString.Empty.Add("client_id", context.ClientId!).Add("request_uri", requestUri);
        if (loginHint is { Length: > 0 and <= 254 })
        {
            query = query.Add("login_hint", loginHint);
        }

        // The wish goes along from page to page, as the one language of ours that meets it.
        if (SupportedLanguages.FromUiLocales(context.Request.UiLocales) is { } language)
        {
            query = query.Add(PageWords.UiLocales, language.Tag);
        }

        if (reason is not null)
        {
            query = query.Add("reason", reason);
        }

        response.StatusCode = StatusCodes.Status303SeeOther;
        response.Headers.Location = page + query;
        response.Headers.CacheControl = "no-store";
        context.HandleRequest();
    }
}

/// <summary>What the decision asks of clients, and keeps.</summary>
internal sealed record DecisionParts(ClientCache Clients, PairwiseSubjects Subjects, BegunSignIns Begun);
