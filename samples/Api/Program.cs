using Api;
using Microsoft.AspNetCore.Authentication.JwtBearer;

var builder = WebApplication.CreateBuilder(args);
var authority = new Uri(builder.Configuration["Authority"] ?? "http://localhost:5080");

builder.Services
    .AddAuthentication(JwtBearerDefaults.AuthenticationScheme)
    .AddJwtBearer(options =>
    {
        // Issuer and keys come from the provider's discovery document; a key that is new there is fetched when the first token needs it.
        options.Authority = authority.AbsoluteUri;
        options.RequireHttpsMetadata = !authority.IsLoopback;

        // RFC 9068 §4: a token must be meant for this API, be an access token and nothing else that the provider signs, and be signed
        // with a key that only the provider has. Without the type an id_token would do, were its audience the same.
        options.Audience = builder.Configuration["Resource"];
        options.TokenValidationParameters.ValidTypes = ["at+jwt"];
        options.TokenValidationParameters.ValidAlgorithms = ["ES256", "RS256", "PS256"];
        options.TokenValidationParameters.ClockSkew = TimeSpan.FromSeconds(30);
        options.MapInboundClaims = false; // keep the token's own claim names
    });

builder.Services.AddAuthorizationBuilder()
    .AddPolicy("read", policy => policy.RequireScope("notes.read"))
    .AddPolicy("write", policy => policy.RequireScope("notes.write"));
builder.Services.AddSingleton<NoteBook>();

var app = builder.Build();
app.UseAuthentication();
app.UseAuthorization();
app.MapGet("/", () => "An API that keeps notes. GET and POST /notes with an access token.");
app.MapGet("/notes", (HttpContext http, NoteBook notes) => notes.Of(http.User)).RequireAuthorization("read");
app.MapPost("/notes", (HttpContext http, NoteBook notes, Note note) => notes.Add(http.User, note)).RequireAuthorization("write");
app.Run();
