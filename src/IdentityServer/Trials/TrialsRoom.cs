namespace IdentityServer.Trials;

/// <summary>
/// What a client does in a sign-in, so that it can be watched: the portal lets owners try their clients by it, and the start page of
/// Development lets developers try the server.
/// </summary>
internal static class TrialsRoom
{
    private static readonly TimeSpan OwnAnswer = TimeSpan.FromSeconds(20);

    public static WebApplicationBuilder AddTrials(this WebApplicationBuilder builder)
    {
        // It talks to this very server and to nobody else, so none of the rules for going out apply, and no proxy stands between.
        builder.Services.AddHttpClient<TrialHttp>(http => http.Timeout = OwnAnswer)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false })
            .RemoveAllLoggers();
        builder.Services.AddScoped<TrialRuns>().AddScoped<TrialSecrets>().AddScoped<TrialTokensReader>();
        builder.Services.AddScoped<TrialFlow>().AddScoped<TrialFlowParts>().AddScoped<TrialActions>();
        return builder;
    }
}
