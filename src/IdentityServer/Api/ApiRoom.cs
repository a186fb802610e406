using IdentityServer.Clients;

namespace IdentityServer.Api;

/// <summary>
/// The management API: what the portal does, for programs. Programs and developers read its words, so they are English and stand beside
/// the code.
/// </summary>
internal static class ApiRoom
{
    public static WebApplicationBuilder AddApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ApiAllowances>();
        builder.Services.AddScoped<CallerReader>().AddScoped<Idempotency>();
        builder.Services.AddScoped<ClientWork>();
        return builder;
    }

    /// <summary>Whether a request is for the API: its failures answer programs.</summary>
    public static bool IsFor(HttpContext context) => context.Request.Path.StartsWithSegments(BuiltIns.ApiPath, StringComparison.OrdinalIgnoreCase);

    public static WebApplication MapApi(this WebApplication app)
    {
        var api = app.MapGroup(BuiltIns.ApiPath).AddEndpointFilter<RouteGroupBuilder, ApiDoor>();
        MeEndpoint.Map(api);
        ClientEndpoints.Map(api);
        return app;
    }

    /// <summary>Says what an operation asks of its callers; without it the operation is reached by nobody.</summary>
    public static RouteHandlerBuilder For(this RouteHandlerBuilder endpoint, string name, string? scope, string? peopleOnly = null) =>
        endpoint.WithName(name).WithMetadata(new ApiOperation(name, scope, peopleOnly));
}
