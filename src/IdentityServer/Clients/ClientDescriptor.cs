using IdentityServer.Domain.Clients;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Clients;

/// <summary>Says a client's metadata in OpenIddict's words. What is not granted here, OpenIddict refuses.</summary>
internal static class ClientDescriptor
{
    /// <summary>Where the row keeps the metadata whole: the columns are made from it, and it is read back from here.</summary>
    public const string MetadataProperty = "client_metadata";

    /// <param name="metadata">Judged, complete, with its <c>client_id</c>.</param>
    public static OpenIddictApplicationDescriptor From(ClientMetadata metadata)
    {
        var descriptor = new OpenIddictApplicationDescriptor
        {
            ApplicationType = metadata.ApplicationType,
            ClientId = metadata.ClientId,
            ClientType = metadata.IsPublic ? ClientTypes.Public : ClientTypes.Confidential,
            ConsentType = metadata.FirstParty ? ConsentTypes.Implicit : ConsentTypes.Explicit,
            DisplayName = metadata.ClientName,
        };
        descriptor.Properties[MetadataProperty] = metadata.ToJson();
        descriptor.RedirectUris.UnionWith(metadata.RedirectUris.Select(uri => new Uri(uri, UriKind.Absolute)));
        descriptor.PostLogoutRedirectUris.UnionWith(metadata.PostLogoutRedirectUris.Select(uri => new Uri(uri, UriKind.Absolute)));
        descriptor.Permissions.UnionWith(Endpoints(metadata));
        descriptor.Permissions.UnionWith(metadata.GrantTypes!.Select(grant => Permissions.Prefixes.GrantType + grant));
        descriptor.Permissions.UnionWith(metadata.ResponseTypes!.Select(type => Permissions.Prefixes.ResponseType + type));
        descriptor.Permissions.UnionWith(metadata.Scopes.Select(scope => Permissions.Prefixes.Scope + scope));
        if (metadata.RequirePkce)
        {
            descriptor.Requirements.Add(Requirements.Features.ProofKeyForCodeExchange);
        }

        if (metadata.RequirePushedAuthorizationRequests)
        {
            descriptor.Requirements.Add(Requirements.Features.PushedAuthorizationRequests);
        }

        return descriptor;
    }

    private static IEnumerable<string> Endpoints(ClientMetadata metadata)
    {
        if (metadata.GrantTypes!.Count > 0)
        {
            yield return Permissions.Endpoints.Token;
            yield return Permissions.Endpoints.Revocation;
        }

        if (metadata.GrantTypes!.Contains(ClientGrantTypes.AuthorizationCode))
        {
            yield return Permissions.Endpoints.Authorization;
            yield return Permissions.Endpoints.PushedAuthorization;
            yield return Permissions.Endpoints.EndSession;
        }

        // Without a secret anybody could pass for the client and ask about tokens (RFC 7662 §2.1).
        if (!metadata.IsPublic)
        {
            yield return Permissions.Endpoints.Introspection;
        }
    }
}
