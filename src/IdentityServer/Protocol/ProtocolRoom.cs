using IdentityServer.Clients;
using IdentityServer.Clients.Credentials;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.SignIn;
using IdentityServer.Outbox;
using IdentityServer.Protocol.Authorization;
using IdentityServer.Protocol.Authorization.RequestObjects;
using IdentityServer.Protocol.CrossOrigin;
using IdentityServer.Protocol.Diagnosis;
using IdentityServer.Protocol.Dispatching;
using IdentityServer.Protocol.EndSession;
using IdentityServer.Protocol.Guards;
using IdentityServer.Protocol.Introspection;
using IdentityServer.Protocol.LogoutNotifications;
using IdentityServer.Protocol.Registration;
using IdentityServer.Protocol.Resources;
using IdentityServer.Protocol.SigningKeys;
using IdentityServer.Protocol.Tokens;
using IdentityServer.Protocol.UserInfo;
using IdentityServer.Settings;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol;

/// <summary>OpenIddict, set up: code flow with PKCE, refresh, PAR, and nothing that could skip the mailed code.</summary>
internal static class ProtocolRoom
{
    private static readonly TimeSpan _codeLifetime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _requestLifetime = TimeSpan.FromHours(1);

    public static WebApplicationBuilder AddProtocol(this WebApplicationBuilder builder)
    {
        builder.Services.AddOpenIddict().AddServer(server =>
        {
            server.SetAuthorizationEndpointUris("connect/authorize")
                .SetTokenEndpointUris("connect/token")
                .SetUserInfoEndpointUris("connect/userinfo")
                .SetIntrospectionEndpointUris("connect/introspect")
                .SetRevocationEndpointUris("connect/revoke")
                .SetEndSessionEndpointUris("connect/endsession")
                .SetPushedAuthorizationEndpointUris("connect/par");
            server.AllowAuthorizationCodeFlow().AllowRefreshTokenFlow().AllowClientCredentialsFlow();
            server.EnableAuthorizationRequestCaching();
            server.SetAuthorizationCodeLifetime(_codeLifetime)
                .SetAccessTokenLifetime(TokenLifetimes.AccessToken)
                .SetIdentityTokenLifetime(TokenLifetimes.AccessToken)
                .SetRefreshTokenLifetime(TokenLifetimes.IdleRefreshToken)
                .SetRefreshTokenReuseLeeway(TimeSpan.Zero);
            server.RegisterScopes(Scopes.OpenId, Scopes.Profile, Scopes.Email, Scopes.Address, Scopes.Phone, Scopes.OfflineAccess);
            server.RegisterClaims(ServedClaims.Names);
            server.DisableResourceValidation().IgnoreResourcePermissions(); // resources are registered in the database, see AddResources
            server.DisableAccessTokenEncryption();
            server.UseDataProtection().PreferDefaultAccessTokenFormat();
            server.Configure(options =>
            {
                options.CodeChallengeMethods.Remove(CodeChallengeMethods.Plain);
                options.RequestTokenLifetime = _requestLifetime;
            });
            AddHandlers(server);
            AddResources(server);

            var aspNetCore = server.UseAspNetCore().EnableStatusCodePagesIntegration();
            if (builder.Environment.IsDevelopment())
            {
                aspNetCore.DisableTransportSecurityRequirement();
            }
        });
        builder.Services.AddOptions<OpenIddictServerOptions>().Configure<SignUpOptions>((options, signUp) =>
        {
            // Initiating User Registration 1.0 §4: offered only where there is something to offer.
            if (signUp.Enabled)
            {
                options.PromptValues.Add(SignInDecision.Create);
            }
        });
        builder.Services.AddSingleton(root => new HandlerTable(builder.Services, root));
        builder.Services.Replace(ServiceDescriptor.Scoped<IOpenIddictServerDispatcher, HandlerDispatcher>());
        builder.Services.AddScoped<ClientShare>().AddScoped<ClientShareOperations>().AddScoped<FrontChannel>();
        builder.Services.AddSingleton<LogoutTokens>();
        builder.Services.AddScoped<IOutboxHandler, LogoutNotificationHandler>().AddScoped<LogoutHistory>();
        builder.Services.AddSigningKeys();
        builder.Services.AddSingleton<RequestObjectReader>();
        builder.Services.AddScoped<AccessTokenReader>();
        builder.Services.AddSingleton<PairwiseSubjects>();
        builder.Services.AddSingleton<StoredRequestAllowance>().AddSingleton<FailedTokenAllowance>();
        builder.Services.AddSingleton<AskedAbout>();
        builder.Services.AddSingleton<BegunSignIns>().AddSingleton<DecisionParts>();
        builder.Services.AddSingleton<BlockedOrigins>().AddSingleton<CredentialFailures>().AddSingleton<FailureReader>();
        builder.Services.AddHostedService<GuardCheck>();
        builder.Services.AddSingleton<IValidateOptions<OpenIddictServerOptions>, GuardCheck>();
        return builder;
    }

    /// <summary>Maps what is no endpoint of OpenIddict's.</summary>
    public static WebApplication MapProtocol(this WebApplication app)
    {
        RegistrationEndpoint.Map(app);
        return app;
    }

    private static void AddResources(OpenIddictServerBuilder server)
    {
        server.RemoveEventHandler(Authentication.ValidateResourceParameter.Descriptor);
        server.RemoveEventHandler(Authentication.ValidatePushedResourceParameter.Descriptor);
        server.RemoveEventHandler(Exchange.ValidateResourceParameter.Descriptor);
        server.RemoveEventHandler(OpenIddictServerHandlers.Introspection.ValidateAuthorizedParty.Descriptor);
        server.AddEventHandler(ValidateGrantResources<ValidateAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(ValidateGrantResources<ValidatePushedAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(ValidateTokenResources.Descriptor);
        server.AddEventHandler(LimitAccessToken.Descriptor);
        server.AddEventHandler(SignForResource.Descriptor);
        server.AddEventHandler(ReadTokenId.Descriptor);
        server.AddEventHandler(RequireOwnAudience.Descriptor);
        server.AddEventHandler(LimitToAudience.Descriptor);
        server.AddEventHandler(TellResourceServer.Descriptor);
    }

    private static void AddHandlers(OpenIddictServerBuilder server)
    {
        server.RemoveEventHandler(RedeemTokenEntry.Descriptor);
        server.AddEventHandler(RequireConsumedChallenge.Descriptor);
        server.AddEventHandler(RequireStamp.Descriptor);
        server.AddEventHandler(NoticeReplay.Descriptor);
        server.AddEventHandler(RedeemPresentedToken.Descriptor);
        server.AddEventHandler(BindAuthorization.Descriptor);
        server.AddEventHandler(ShapeLifetimes.Descriptor);
        server.AddEventHandler(WritePairwiseSubject.Descriptor);
        server.AddEventHandler(RestoreSubject.Descriptor);
        server.AddEventHandler(TellSubject.Descriptor);
        server.AddEventHandler(ShapeIdToken.Descriptor);
        server.AddEventHandler(StripInternalClaims.Descriptor);
        server.AddEventHandler(GrantClientCredentials.Descriptor);
        server.AddEventHandler(RevokeFamily.Descriptor);
        server.AddEventHandler(CountTokens.Descriptor);
        server.AddEventHandler(RefuseLargeRequests<ExtractAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(RefuseLargeRequests<ExtractPushedAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(ValidateMaxAge<HandleAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(ValidateMaxAge<ValidatePushedAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(TakeRequestObject<ValidateAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(TakeRequestObject<ValidatePushedAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(ValidateClaims<HandleAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(ValidateClaims<ValidatePushedAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(ValidateScopes<ValidateAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(ValidateScopes<ValidatePushedAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(ValidateScopes<ValidateTokenRequestContext>.Descriptor);
        server.AddEventHandler(RefuseVerifierAlone.Descriptor);
        server.AddEventHandler(LimitStoredRequests.Descriptor);
        server.AddEventHandler(LimitPushedRequests.Descriptor);
        server.AddEventHandler(DecideNextStep.Descriptor);
        server.AddEventHandler(SendRefusalToClient.Descriptor);
        server.AddEventHandler(AnswerByFormPost.Descriptor);
        server.AddEventHandler(HandleEndSession.Descriptor);
        server.AddEventHandler(AnswerByFrontChannel.Descriptor);
        server.AddEventHandler(TakeEmptyPost.Descriptor);
        server.AddEventHandler(AttachUserClaims.Descriptor);
        server.AddEventHandler(AnswerSigned.Descriptor);
        server.AddEventHandler(TellNothing.Descriptor);
        server.AddEventHandler(AdvertiseWhatWeDo.Descriptor);
        foreach (var descriptor in AuthenticateByAssertion.StandsInFor)
        {
            server.RemoveEventHandler(descriptor);
        }

        server.AddEventHandler(AuthenticateByAssertion.Descriptor);
        server.AddEventHandler(AdvertiseRegistration.Descriptor);
        server.AddEventHandler(PublishKeysOfNow.Descriptor);
        server.AddEventHandler(JudgeByKeysOfNow.Descriptor);
        server.AddEventHandler(EnforceClientAuthenticationMethod.Descriptor);
        server.AddEventHandler(CheckClientSecret.Descriptor);
        server.AddEventHandler(AttachRetryAfter<ApplyPushedAuthorizationResponseContext>.Descriptor);
        server.AddEventHandler(AttachRetryAfter<ApplyTokenResponseContext>.Descriptor);
        server.AddEventHandler(AttachRetryAfter<ApplyIntrospectionResponseContext>.Descriptor);
        server.AddEventHandler(AttachRetryAfter<ApplyRevocationResponseContext>.Descriptor);
        server.AddEventHandler(RefuseRepeatedParameters<ValidateAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(RefuseRepeatedParameters<ValidatePushedAuthorizationRequestContext>.Descriptor);
        server.AddEventHandler(RefuseRepeatedParameters<ValidateTokenRequestContext>.Descriptor);
        server.AddEventHandler(RefuseRepeatedParameters<ValidateEndSessionRequestContext>.Descriptor);
        server.AddEventHandler(TokenInQuestion.Descriptor);
        server.AddEventHandler(NoteFailure<ApplyAuthorizationResponseContext>.Descriptor);
        server.AddEventHandler(NoteFailure<ApplyPushedAuthorizationResponseContext>.Descriptor);
        server.AddEventHandler(NoteFailure<ApplyTokenResponseContext>.Descriptor);
        server.AddEventHandler(NoteFailure<ApplyUserInfoResponseContext>.Descriptor);
        server.AddEventHandler(NoteFailure<ApplyIntrospectionResponseContext>.Descriptor);
        server.AddEventHandler(NoteFailure<ApplyRevocationResponseContext>.Descriptor);
        server.AddEventHandler(NoteFailure<ApplyEndSessionResponseContext>.Descriptor);
        server.AddEventHandler(CommitBeforeResponse<ApplyAuthorizationResponseContext>.Descriptor);
        server.AddEventHandler(CommitBeforeResponse<ApplyPushedAuthorizationResponseContext>.Descriptor);
        server.AddEventHandler(CommitBeforeResponse<ApplyTokenResponseContext>.Descriptor);
        server.AddEventHandler(CommitBeforeResponse<ApplyUserInfoResponseContext>.Descriptor);
        server.AddEventHandler(CommitBeforeResponse<ApplyIntrospectionResponseContext>.Descriptor);
        server.AddEventHandler(CommitBeforeResponse<ApplyRevocationResponseContext>.Descriptor);
        server.AddEventHandler(CommitBeforeResponse<ApplyEndSessionResponseContext>.Descriptor);
    }
}
