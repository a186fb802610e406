using IdentityServer.Domain.Clients;

namespace IdentityServer.Ownership;

/// <summary>Looks over the addresses that a client has registered: they keep the rules, and still some do not do what their owner thinks.</summary>
internal static class RegisteredAddressChecks
{
    private const string Localhost = "localhost";

    public static IEnumerable<ClientCheck> Of(ClientMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        yield return RedirectUris(metadata);
        yield return Origins(metadata);
        yield return Logout(metadata);
    }

    private static ClientCheck RedirectUris(ClientMetadata metadata)
    {
        var uris = metadata.RedirectUris.Select(uri => (Text: uri, Parsed: new Uri(uri, UriKind.Absolute))).ToList();
        if (uris.Count == 0)
        {
            return new("redirect-uris", CheckOutcome.Problem, "redirect-none");
        }

        if (uris.Find(uri => uri.Parsed.Scheme == "http" && !uri.Parsed.IsLoopback) is { Text: { } open })
        {
            return Warning("redirect-http", ("uri", open));
        }

        // Each is matched character by character: who registers both often means one, and programs send the other.
        var twin = uris.Find(uri => uri.Text.EndsWith('/') && metadata.RedirectUris.Contains(uri.Text[..^1], StringComparer.Ordinal));
        if (twin.Text is not null)
        {
            return Warning("redirect-twins", ("uri", twin.Text));
        }

        var local = uris.Find(uri => uri.Parsed.Host == Localhost);
        if (local.Text is not null && metadata.ApplicationType == ClientApplicationTypes.Native)
        {
            return Warning("redirect-native-localhost", ("uri", local.Text));
        }

        return local.Text is not null && uris.Find(uri => uri.Parsed.Host is "127.0.0.1" or "[::1]") is { Text: { } number }
            ? Warning("redirect-loopbacks", ("uri", local.Text), ("other", number))
            : new("redirect-uris", CheckOutcome.Ok, "redirects", ("uris", uris.Count));
    }

    private static ClientCheck Origins(ClientMetadata metadata)
    {
        var origins = metadata.PageOrigins;
        return origins.Count == 0
            ? new("origins", CheckOutcome.Ok, "origins-none")
            : new("origins", CheckOutcome.Ok, "origins", ("origins", string.Join(", ", origins)));
    }

    private static ClientCheck Logout(ClientMetadata metadata) => metadata switch
    {
        // Browsers keep cookies from pages inside other pages: the application is told, and cannot find whom to sign out.
        { FrontchannelLogoutUri: { }, BackchannelLogoutUri: null } => new("logout", CheckOutcome.Warning, "logout-front-only"),
        { BackchannelLogoutUri: { } } => new("logout", CheckOutcome.Ok, "logout"),
        _ => new("logout", CheckOutcome.Ok, "logout-none"),
    };

    private static ClientCheck Warning(string finding, params (string, object)[] values) => new("redirect-uris", CheckOutcome.Warning, finding, values);
}
