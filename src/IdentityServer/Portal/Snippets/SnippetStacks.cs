using IdentityServer.Domain.Clients;

namespace IdentityServer.Portal.Snippets;

/// <summary>The frameworks that snippets are made for, the likeliest first within each kind of client.</summary>
internal static class SnippetStacks
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<SnippetStack> All { get; } =
    [
        new("aspnet", "ASP.NET Core", "csharp", Verified: true, IsServer, ["Program.cs", "App.csproj"])
        {
            Install = "dotnet restore",
            Run = """
                {{#local}}
                dotnet run --urls '{{origin}}'
                {{/local}}
                {{^local}}
                ASPNETCORE_FORWARDEDHEADERS_ENABLED=true dotnet run --urls 'http://{{listen_at}}'
                {{/local}}
                """,
        },
        new("express", "Express", "javascript", Verified: true, IsServer, ["app.js", "package.json"])
        {
            Install = "npm install",
            Run = "node app.js",
        },
        new("flask", "Flask", "python", Verified: true, HasSecretOnServer, ["app.py"])
        {
            Install = "python3 -m pip install flask authlib requests",
            Run = "python3 -m flask run --host '{{listen_host}}' --port '{{listen_port}}'",
        },
        new("go", "Go", "go", Verified: true, HasSecretOnServer, ["main.go"])
        {
            Install = "go mod init app\ngo get github.com/coreos/go-oidc/v3/oidc golang.org/x/oauth2",
            Run = "go run .",
        },
        new("curl", "curl", "bash", Verified: true, IsMachine, ["token.sh"])
        {
            Run = "sh token.sh",
            Redirect = RedirectForm.None,
        },
    ];

    private static bool SignsIn(ClientMetadata client) =>
        client.GrantTypes?.Contains(ClientGrantTypes.AuthorizationCode) == true && !client.RequireSignedRequestObject;

    private static bool IsWeb(ClientMetadata client) => SignsIn(client) && client.ApplicationType == ClientApplicationTypes.Web;

    private static bool IsServer(ClientMetadata client) => IsWeb(client) && !client.IsPublic;

    private static bool HasSecretOnServer(ClientMetadata client) => IsWeb(client) && client.HasSecret;

    private static bool IsMachine(ClientMetadata client) =>
        client.GrantTypes?.Contains(ClientGrantTypes.ClientCredentials) == true && client.HasSecret;
}
