namespace IdentityServer.Diagnostics;

/// <summary>What is recorded of clients' requests, cheaply and off the sign-in's path, and read back by the clients' owners.</summary>
internal static class DiagnosticsRoom
{
    public static WebApplicationBuilder AddDiagnostics(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ClientInsight>();
        builder.Services.AddSingleton<InsightWriter>();
        builder.Services.AddHostedService(services => services.GetRequiredService<InsightWriter>());
        builder.Services.AddScoped<ClientHistory>();
        return builder;
    }

    /// <summary>Follows the requests that come after it in the pipeline.</summary>
    public static IApplicationBuilder UseDiagnostics(this IApplicationBuilder app) => app.UseMiddleware<FollowRequests>();
}
