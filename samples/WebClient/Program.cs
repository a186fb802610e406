using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using WebClient;

var builder = WebApplication.CreateBuilder(args);
var authority = new Uri(builder.Configuration["Authority"] ?? "http://localhost:5080");

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
        options.ClientId = builder.Configuration["ClientId"];
        options.ClientSecret = builder.Configuration["ClientSecret"];

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
        foreach (var scope in (string[])["openid", "profile", "email", "offline_access", "notes.read"])
        {
            options.Scope.Add(scope);
        }

        // Whom the access token is for (RFC 8707): the API of samples/Api, which the scope notes.read belongs to.
        options.Resource = builder.Configuration["Api:Resource"];

        options.SaveTokens = true;
        options.GetClaimsFromUserInfoEndpoint = true;
        options.MapInboundClaims = false; // keep OpenID Connect's own claim names
        options.TokenValidationParameters.NameClaimType = "name";
    });

builder.Services.AddHttpClient<ProviderClient>();
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
