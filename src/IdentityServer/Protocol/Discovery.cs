using System.Collections.Immutable;
using IdentityServer.Domain.Sessions;
using IdentityServer.Languages;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;
using ClientAlgorithms = IdentityServer.Domain.Clients.ClientSigningAlgorithms;
using ClientSubjects = IdentityServer.Domain.Clients.SubjectTypes;
using OurAlgorithms = IdentityServer.Domain.Clients.IdTokenAlgorithms;

namespace IdentityServer.Protocol;

/// <summary>Adds to discovery what OpenIddict does not say by itself (OpenID Connect Discovery 1.0 §3).</summary>
internal sealed class AdvertiseWhatWeDo : IOpenIddictServerHandler<HandleConfigurationRequestContext>
{
    private static readonly ImmutableArray<string?> _acr = [AuthenticationContext.Acr];

    private static readonly ImmutableArray<string?> _algorithms = [.. OurAlgorithms.All];

    private static readonly ImmutableArray<string?> _clientAlgorithms = [.. ClientAlgorithms.All];

    private static readonly ImmutableArray<string?> _languages = [.. SupportedLanguages.All.Select(language => language.Tag)];

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleConfigurationRequestContext>()
            .UseSingletonHandler<AdvertiseWhatWeDo>()
            .SetOrder(Discovery.AttachAdditionalMetadata.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(HandleConfigurationRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Metadata["acr_values_supported"] = _acr;
        context.Metadata["ui_locales_supported"] = _languages;
        context.Metadata["claims_parameter_supported"] = true;
        context.Metadata["userinfo_signing_alg_values_supported"] = _algorithms;

        // Request objects and assertions: signed with asymmetric keys, fetched only from where the client registered (RFC 9101 §10.4.1).
        context.Metadata["request_parameter_supported"] = true;
        context.Metadata["request_uri_parameter_supported"] = true;
        context.Metadata["require_request_uri_registration"] = true;
        context.Metadata["request_object_signing_alg_values_supported"] = _clientAlgorithms;
        context.Metadata["token_endpoint_auth_signing_alg_values_supported"] = _clientAlgorithms;
        context.Metadata["introspection_endpoint_auth_signing_alg_values_supported"] = _clientAlgorithms;
        context.Metadata["revocation_endpoint_auth_signing_alg_values_supported"] = _clientAlgorithms;

        // Back-Channel Logout 1.0 §2.1 and Front-Channel Logout 1.0 §3. Both always name the session.
        context.Metadata["backchannel_logout_supported"] = true;
        context.Metadata["backchannel_logout_session_supported"] = true;
        context.Metadata["frontchannel_logout_supported"] = true;
        context.Metadata["frontchannel_logout_session_supported"] = true;

        context.SubjectTypes.UnionWith(ClientSubjects.All);

        // Public clients authenticate by nothing (RFC 8414 §2). They may not introspect.
        context.TokenEndpointAuthenticationMethods.Add(ClientAuthenticationMethods.None);
        context.RevocationEndpointAuthenticationMethods.Add(ClientAuthenticationMethods.None);

        // No registry knows a list of methods for pushed requests: those of the token endpoint hold (RFC 9126 §2).
        context.PushedAuthorizationEndpointAuthenticationMethods.Clear();
        return ValueTask.CompletedTask;
    }
}

/// <summary>The claims that discovery lists: those in id_tokens and those of userinfo.</summary>
internal static class ServedClaims
{
    public static string[] Names { get; } =
        ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid",
         "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "gender",
         "birthdate", "zoneinfo", "locale", "updated_at", "email", "email_verified", "phone_number", "phone_number_verified", "address"];
}
