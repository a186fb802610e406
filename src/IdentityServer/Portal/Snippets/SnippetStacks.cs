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
        new("express", "Express (openid-client)", "javascript", Verified: true, IsServer, ["app.js", "package.json"])
        {
            Install = "npm install",
            Run = "node app.js",
        },
        new("nextjs", "Next.js (Auth.js)", "javascript", Verified: true, client => HasSecretOnServer(client) && !Pushes(client),
            ["auth.js", "app{{auth_base}}/[...nextauth]/route.js", "app/page.js", "app/layout.js", "jsconfig.json", "package.json"])
        {
            Install = "npm install",
            Run = """
                export AUTH_SECRET=$(openssl rand -base64 32)
                export AUTH_URL='{{origin}}'
                npx next build
                npx next start --hostname '{{listen_host}}' --port '{{listen_port}}'
                """,
            Redirect = RedirectForm.AuthJs,
        },
        new("spring", "Spring Boot", "java", Verified: false, client => HasSecretOnServer(client) && !Pushes(client),
            ["src/main/java/com/example/app/Application.java", "src/main/resources/application.yml", "pom.xml"])
        {
            Run = "mvn spring-boot:run",
        },
        new("flask", "Flask (Authlib)", "python", Verified: true, HasSecretOnServer, ["app.py"])
        {
            Install = "python3 -m pip install flask authlib requests",
            Run = "python3 -m flask run --host '{{listen_host}}' --port '{{listen_port}}'",
        },
        new("go", "Go", "go", Verified: true, HasSecretOnServer, ["main.go"])
        {
            Install = "go mod init app\ngo get github.com/coreos/go-oidc/v3/oidc golang.org/x/oauth2",
            Run = "go run .",
        },
        new("php", "PHP", "php", Verified: true, client => HasSecretOnServer(client) && client.IdTokenSignedResponseAlg != IdTokenAlgorithms.PS256, ["app.php"])
        {
            Run = "php -S '{{listen_at}}' app.php",
        },
        new("apache", "Apache (mod_auth_openidc)", "apache", Verified: true, client => HasSecretOnServer(client) && !Pushes(client), ["app.conf"])
        {
            Install = """
                sudo apt-get install apache2 libapache2-mod-auth-openidc
                sudo cp app.conf /etc/apache2/sites-available/
                sudo a2enmod auth_openidc proxy_http ssl
                sudo a2ensite app
                """,
            Run = """
                printf 'export IDSRV_CLIENT_SECRET=%q APP_PASSPHRASE=%q\n' "$IDSRV_CLIENT_SECRET" "$(openssl rand -hex 32)" | sudo tee -a /etc/apache2/envvars >/dev/null
                sudo systemctl restart apache2
                """,
        },
        new("oauth2-proxy", "nginx (oauth2-proxy)", "nginx", Verified: false,
            client => HasSecretOnServer(client) && !Pushes(client) && client.Scopes.Contains("email"), ["oauth2-proxy.cfg", "nginx.conf"])
        {
            Install = "sudo cp nginx.conf /etc/nginx/conf.d/app.conf\nsudo systemctl reload nginx",
            Run = """
                export OAUTH2_PROXY_CLIENT_SECRET="$IDSRV_CLIENT_SECRET"
                export OAUTH2_PROXY_COOKIE_SECRET=$(openssl rand -hex 16)
                oauth2-proxy --config oauth2-proxy.cfg
                """,
            Redirect = RedirectForm.Proxy,
        },
        new("react", "React (oidc-client-ts)", "jsx", Verified: true, client => IsWeb(client) && client.IsPublic && !Pushes(client),
            ["main.jsx", "public/index.html", "package.json"])
        {
            Install = "npm install",
            Run = "npx esbuild main.jsx --bundle --jsx=automatic --outdir=public --servedir=public --serve='{{listen_at}}' --serve-fallback=public/index.html",
        },
        new("native", ".NET console or desktop (OidcClient)", "csharp", Verified: true,
            client => SignsIn(client) && client.ApplicationType == ClientApplicationTypes.Native && client.IsPublic, ["Program.cs", "App.csproj"])
        {
            Install = "dotnet restore",
            Run = "dotnet run",
            Redirect = RedirectForm.Loopback,
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

    private static bool Pushes(ClientMetadata client) => client.RequirePushedAuthorizationRequests;

    private static bool IsMachine(ClientMetadata client) =>
        client.GrantTypes?.Contains(ClientGrantTypes.ClientCredentials) == true && client.HasSecret;
}
