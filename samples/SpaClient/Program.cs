using Microsoft.Extensions.FileProviders;

// Hands out files and two settings. Everything else happens in the browser: see wwwroot/app.js.
var builder = WebApplication.CreateBuilder(args);
var authority = new Uri(builder.Configuration["Authority"] ?? "http://localhost:5080").GetLeftPart(UriPartial.Authority);
var clientId = builder.Configuration["ClientId"] ?? "spa";

// Whoever gets a script into this page gets the tokens, so no script runs but our files, and nothing is called but the provider.
var policy = string.Join(
    "; ",
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src data:",
    $"connect-src 'self' {authority}",
    "require-trusted-types-for 'script'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'");

var app = builder.Build();
app.Use((context, next) =>
{
    var headers = context.Response.Headers;
    headers.ContentSecurityPolicy = policy;
    headers.XContentTypeOptions = "nosniff";
    headers.CacheControl = "no-cache";
    headers["Referrer-Policy"] = "no-referrer"; // the address holds the authorization code for a moment
    return next(context);
});

app.UseDefaultFiles();
app.UseStaticFiles();

// Where the build puts what it took from npm; not there on a machine without npm, and then the page says so.
var library = Path.Combine(AppContext.BaseDirectory, "lib");
if (Directory.Exists(library))
{
    app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(library), RequestPath = "/lib" });
}

app.MapGet("/settings.json", () => new { authority, clientId });
app.Run();
