using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using WebClient;

var builder = WebApplication.CreateBuilder(args);
var authority = new Uri(builder.Configuration["Authority"] ?? "http://localhost:5080");
var (clientId, clientSecret) = (builder.Configuration["ClientId"]!, builder.Configuration["ClientSecret"]!);
var basic = builder.Configuration["ClientAuthentication"] == "client_secret_basic"; // what the client is registered for
var api = builder.Configuration["Api:Resource"]; // empty for a client that calls none

builder.Services
    .AddAuthentication(options =>
    {
        options.DefaultScheme = CookieAuthenticationDefaults.AuthenticationScheme;
        options.DefaultChallengeScheme = OpenIdConnectDefaults.AuthenticationScheme;
    })
    .AddCookie(options => options.Cookie.Name = "WebClient")
    .AddOpenIdConnect(options =>
    {
        options.Authority = authority.AbsoluteUri;
        options.RequireHttpsMetadata = !authority.IsLoopback;
        options.ClientId = clientId;
        if (basic)
        {
            options.BackchannelHttpHandler = new BasicAuthentication(clientId, clientSecret);
        }
        else
        {
            options.ClientSecret = clientSecret;
        }

        // Authorization code with PKCE. The answer comes back in the URL, so the cookies that guard the way there and back can stay
        // SameSite=Lax, and no script has to submit a form.
        options.ResponseType = OpenIdConnectResponseType.Code;
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.UsePkce = true;
        options.CorrelationCookie.SameSite = SameSiteMode.Lax;
        options.CorrelationCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.NonceCookie.SameSite = SameSiteMode.Lax;
        options.NonceCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;

        options.Scope.Clear();
        foreach (var scope in (string[])["openid", "profile", "email", "offline_access"])
        {
            options.Scope.Add(scope);
        }

        if (!string.IsNullOrEmpty(api))
        {
            // Whom the access token is for (RFC 8707): the API of samples/Api, which the scope notes.read belongs to.
            options.Resource = api;
            options.Scope.Add("notes.read");
        }

        options.SaveTokens = true;
        options.GetClaimsFromUserInfoEndpoint = true;
        options.MapInboundClaims = false; // keep OpenID Connect's own claim names
        options.TokenValidationParameters.NameClaimType = "name";
    });

builder.Services.AddHttpClient<ProviderClient>()
    .ConfigurePrimaryHttpMessageHandler(() => basic ? new BasicAuthentication(clientId, clientSecret) : new HttpClientHandler());
builder.Services.AddHttpClient<NotesClient>(http => http.BaseAddress = new Uri(builder.Configuration["Api:Address"] ?? "http://localhost:5092"));
builder.Services.AddRazorPages(options => options.Conventions.AuthorizePage("/Account"));

var app = builder.Build();
app.UseExceptionHandler("/error");
app.UseRouting();
app.UseAuthentication();
app.UseAuthorization();
app.MapStaticAssets();
app.MapRazorPages().WithStaticAssets();
app.Run();
