using System.Security.Claims;
{{#key}}
using System.Security.Cryptography;
{{/key}}
{{#basic}}
using System.Text;
{{/basic}}
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
{{#key}}
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
{{/key}}

var builder = WebApplication.CreateBuilder(args);
const string clientId = "{{client_id}}";

builder.Services
    .AddAuthentication(options =>
    {
        options.DefaultScheme = CookieAuthenticationDefaults.AuthenticationScheme;
        options.DefaultChallengeScheme = OpenIdConnectDefaults.AuthenticationScheme;
    })
    .AddCookie()
    .AddOpenIdConnect(options =>
    {
        options.Authority = "{{issuer}}";
{{#insecure}}
        options.RequireHttpsMetadata = false; // the issuer is http
{{/insecure}}
        options.ClientId = clientId;
{{#post}}
        options.ClientSecret = builder.Configuration["IDSRV_CLIENT_SECRET"];
{{/post}}
{{#basic}}
        // The client is registered for client_secret_basic; by itself the handler puts the secret into the form (client_secret_post).
        options.BackchannelHttpHandler = new BasicAuthentication(clientId, builder.Configuration["IDSRV_CLIENT_SECRET"]!);
{{/basic}}
{{#key}}
        options.Events.OnAuthorizationCodeReceived = context =>
        {
            context.TokenEndpointRequest!.ClientAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            context.TokenEndpointRequest.ClientAssertion = ClientAssertion.Make(clientId, context.Options.Authority!);
            return Task.CompletedTask;
        };
        options.Events.OnPushAuthorization = context =>
        {
            context.ProtocolMessage.ClientAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            context.ProtocolMessage.ClientAssertion = ClientAssertion.Make(clientId, context.Options.Authority!);
            context.HandleClientAuthentication();
            return Task.CompletedTask;
        };
{{/key}}
        options.CallbackPath = "{{redirect_path}}";
{{#post_logout}}
        options.SignedOutCallbackPath = "{{post_logout_path}}";
{{/post_logout}}
        options.SignedOutRedirectUri = "{{signed_out_path}}";
        options.ResponseType = "code";
        options.ResponseMode = "query";
        options.UsePkce = true;
{{#par}}
        options.PushedAuthorizationBehavior = PushedAuthorizationBehavior.Require;
{{/par}}
        options.Scope.Clear();
        foreach (var scope in "{{scope}}".Split(' '))
        {
            options.Scope.Add(scope);
        }

        options.CorrelationCookie.SameSite = SameSiteMode.Lax;
        options.CorrelationCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.NonceCookie.SameSite = SameSiteMode.Lax;
        options.NonceCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.MapInboundClaims = false; // keep the names that claims have in OpenID Connect
        options.TokenValidationParameters.NameClaimType = "name";
        options.TokenValidationParameters.ValidAlgorithms = ["{{id_token_alg}}"];
{{#userinfo}}
        options.GetClaimsFromUserInfoEndpoint = true;
{{/userinfo}}
        options.SaveTokens = true;
    });
builder.Services.AddAuthorization();

var app = builder.Build();
app.UseAuthentication();
app.UseAuthorization();
app.MapGet("{{home_path}}", (ClaimsPrincipal user) => $"Signed in: {user.FindFirstValue("sub")} {user.Identity!.Name}").RequireAuthorization();
app.MapGet("{{sign_out_path}}", () => Results.SignOut(
    authenticationSchemes: [CookieAuthenticationDefaults.AuthenticationScheme, OpenIdConnectDefaults.AuthenticationScheme]));
app.MapGet("{{signed_out_path}}", () => "Signed out.");
app.Run();
{{#basic}}

sealed class BasicAuthentication(string id, string secret) : DelegatingHandler(new HttpClientHandler())
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method == HttpMethod.Post)
        {
            var pair = $"{Uri.EscapeDataString(id)}:{Uri.EscapeDataString(secret)}";
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
        }

        return base.SendAsync(request, cancellationToken);
    }
}
{{/basic}}
{{#key}}

static class ClientAssertion
{
    // client-key.pem holds the private key (PKCS #8) to the public one that the client has registered.
    public static string Make(string clientId, string issuer)
    {
{{#key_es}}
        var key = new ECDsaSecurityKey(ECDsa.Create());
        key.ECDsa.ImportFromPem(File.ReadAllText("client-key.pem"));
{{/key_es}}
{{^key_es}}
        var key = new RsaSecurityKey(RSA.Create());
        key.Rsa.ImportFromPem(File.ReadAllText("client-key.pem"));
{{/key_es}}
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = clientId,
            Audience = issuer,
            Claims = new Dictionary<string, object> { ["sub"] = clientId, ["jti"] = Guid.NewGuid().ToString("N") },
            Expires = DateTime.UtcNow.AddMinutes(1),
            SigningCredentials = new SigningCredentials(key, "{{key_alg}}"),
        });
    }
}
{{/key}}
