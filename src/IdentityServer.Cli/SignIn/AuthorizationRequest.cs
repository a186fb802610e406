namespace IdentityServer.Cli.SignIn;

/// <summary>Puts an authorization request into an address.</summary>
internal static class AuthorizationRequest
{
    public static Uri At(Uri endpoint, Dictionary<string, string> parameters) => new(
        $"{endpoint}?{string.Join('&', parameters.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"))}");
}
