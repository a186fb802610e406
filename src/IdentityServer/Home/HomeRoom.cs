using IdentityServer.Home.TryIt;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Home;

/// <summary>The page at <c>/</c> and, in Development, the try-out client that shows a whole sign-in from a client's side.</summary>
internal static class HomeRoom
{
    private const string TryItPages = "/Home/TryIt";
    private static readonly TimeSpan OwnAnswer = TimeSpan.FromSeconds(20);

    public static WebApplicationBuilder AddHome(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<DevelopmentGuide>();
        if (builder.Environment.IsDevelopment())
        {
            builder.Services.AddSingleton<TryItShelf>().AddSingleton<TryItCookie>();
            builder.Services.AddHttpClient<TryItClient>(http => http.Timeout = OwnAnswer)
                .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false })
                .RemoveAllLoggers();
        }
        else
        {
            // A page without a route does not exist, whatever is configured or registered.
            builder.Services.Configure<RazorPagesOptions>(pages =>
                pages.Conventions.AddFolderRouteModelConvention(TryItPages, page => page.Selectors.Clear()));
        }

        return builder;
    }
}
