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
        ApiDocument.AddTo(builder.Services);
        return builder;
    }

    /// <summary>Whether a request is for the API: its failures answer programs.</summary>
    public static bool IsFor(HttpContext context) => context.Request.Path.StartsWithSegments(BuiltIns.ApiPath, StringComparison.OrdinalIgnoreCase);

    public static WebApplication MapApi(this WebApplication app)
    {
        var api = app.MapGroup(BuiltIns.ApiPath).WithTags(ApiDocument.Tag).AddEndpointFilter<RouteGroupBuilder, ApiDoor>();
        MeEndpoint.Map(api);
        ClientEndpoints.Map(api);
        SecretEndpoints.Map(api);
        HistoryEndpoints.Map(api);
        TestUserEndpoints.Map(api);
        app.MapOpenApi(BuiltIns.ApiPath + "/openapi.json");
        return app;
    }

    /// <summary>Says what an operation asks of its callers; without it the operation is reached by nobody.</summary>
    public static RouteHandlerBuilder For(this RouteHandlerBuilder endpoint, string name, string? scope, string? peopleOnly = null) =>
        endpoint.WithName(name).WithMetadata(new ApiOperation(name, scope, peopleOnly));

    /// <summary>Tells the OpenAPI document that a list comes in pages.</summary>
    public static RouteHandlerBuilder Paged(this RouteHandlerBuilder endpoint) => endpoint
        .Query("limit", $"The most on a page, 1 to {ApiRequestParts.LongestPage}, which it is when left out.", ApiParameterKind.Number)
        .Query("cursor", "What the page before had in its member next.");

    /// <summary>Tells the OpenAPI document of a parameter that is read from the query.</summary>
    public static RouteHandlerBuilder Query(this RouteHandlerBuilder endpoint, string name, string description, ApiParameterKind kind = ApiParameterKind.Text) =>
        endpoint.WithMetadata(new ApiParameter(name, description, kind, Header: false));

    /// <summary>The same of a header.</summary>
    public static RouteHandlerBuilder Header(this RouteHandlerBuilder endpoint, string name, string description) =>
        endpoint.WithMetadata(new ApiParameter(name, description, ApiParameterKind.Text, Header: true));

    /// <summary>The same of the body, and of an answer that is a client: <c>T</c> is what it looks like.</summary>
    public static RouteHandlerBuilder Body<T>(this RouteHandlerBuilder endpoint, string mediaType = ApiJson.MediaType) =>
        endpoint.WithMetadata(new ApiBodyType(typeof(T), mediaType));
}
