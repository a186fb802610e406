using IdentityServer.Api;
using IdentityServer.Diagnostics;
using IdentityServer.Mail;
using IdentityServer.Pages;
using IdentityServer.Protocol.CrossOrigin;
using IdentityServer.Secrets;
using IdentityServer.Settings;
using IdentityServer.Storage;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.Controllers;

namespace IdentityServer.Hosting;

/// <summary>The walls around the rooms: limits, proxies, headers, health, the pages' frame, the order of the pipeline.</summary>
internal static class HostingRoom
{
    private const string DevelopmentUrl = "http://localhost:5080";

    /// <summary>Where the data is; the secrets hang from it.</summary>
    public static WebApplicationBuilder AddFoundations(this WebApplicationBuilder builder)
    {
        var storage = builder.AddSettings<StorageOptions>();
        var directory = DataDirectory.Choose(storage.DataDirectory, builder.Environment.ContentRootPath);
        builder.Services.AddSingleton(directory);
        builder.Services.AddIdentityServerStorage(storage.Resolve(directory));
        builder.AddSecrets(storage, directory);

        // First among the hosted services: what it prepares, the others use.
        builder.Services.AddSingleton<DatabasePreparation>();
        builder.Services.AddSingleton<Preparation>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Preparation>());
        return builder;
    }

    public static WebApplicationBuilder AddHosting(this WebApplicationBuilder builder)
    {
        var proxy = builder.AddSettings<ProxyOptions>();
        ListeningAddresses.Check(builder.Configuration, builder.SettingsReport());
        ProductionGuard.Check(builder, proxy);
        if (proxy.AnyKnown)
        {
            builder.Services.Configure<ForwardedHeadersOptions>(proxy.Apply);
        }

        if (builder.Environment.IsDevelopment() && !ListeningAddresses.AnyNamed(builder.Configuration))
        {
            builder.WebHost.UseUrls(DevelopmentUrl);
        }

        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(ServerLimits.Apply);
        builder.Services.AddOptions<HostFilteringOptions>().Configure<Installation>(AllowOwnHost);
        builder.Services.AddRazorPages(pages => pages.RootDirectory = "/")
            .AddMvcOptions(mvc => mvc.Filters.Add(new RefuseOtherMethods()))
            .ConfigureApplicationPartManager(LookForNoControllers);
        builder.Services.AddAuthentication();
        builder.Services.AddAntiforgery();
        builder.Services.AddOptions<AntiforgeryOptions>().Configure<Installation>(NameAntiforgery);
        builder.Services.AddSingleton<Branding>();
        builder.Services.AddHealth();
        builder.Services.AddHostedService<Housekeeping>();
        ConciseConsole.AddTo(builder);
        return builder;
    }

    public static WebApplication UseHosting(this WebApplication app)
    {
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<RequireOwnHost>();
        if (app.Services.GetRequiredService<ProxyOptions>().AnyKnown)
        {
            app.UseForwardedHeaders();
        }

        app.UseMiddleware<RequireHttps>();
        app.UseDiagnostics();
        app.UseFailureAnswers(MeantForPeople);
        app.UseWhen(ApiRoom.IsFor, programs => programs.UseStatusCodePages(ApiStatusPages.WriteAsync));
        app.UseWhen(MeantForPeople, people => people.UseStatusCodePagesWithReExecute("/error", "?status={0}"));
        app.UseMiddleware<CrossOriginAccess>();
        app.UseMiddleware<RefuseUnreadable>();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();

        app.MapEmbeddedAssets();
        app.Services.GetRequiredService<Branding>().Map(app);
        app.MapHealth();
        app.MapMail();
        app.MapRazorPages();
        return app;
    }

    // A program that asks an endpoint gets a bare status: a page would only hide what the headers say (RFC 6750 §3).
    private static bool MeantForPeople(HttpContext context) => !ApiRoom.IsFor(context) && IsPage(context);

    private static bool IsPage(HttpContext context) =>
        !context.Request.Path.StartsWithSegments("/connect", StringComparison.Ordinal, out var endpoint)
        || endpoint.StartsWithSegments("/authorize", StringComparison.Ordinal)
        || endpoint.StartsWithSegments("/endsession", StringComparison.Ordinal);

    // There are none, and the search loads every type of the program.
    private static void LookForNoControllers(ApplicationPartManager parts)
    {
        foreach (var search in parts.FeatureProviders.OfType<IApplicationFeatureProvider<ControllerFeature>>().ToList())
        {
            parts.FeatureProviders.Remove(search);
        }
    }

    // Outside Development only our own name gets in, before anything else; RequireOwnHost sees to the rest.
    private static void AllowOwnHost(HostFilteringOptions options, Installation installation)
    {
        if (!installation.IsDevelopment)
        {
            options.AllowedHosts = [installation.Issuer.Host];
            options.AllowEmptyHosts = false;
            options.IncludeFailureMessage = false;
        }
    }

    private static void NameAntiforgery(AntiforgeryOptions options, Installation installation)
    {
        options.FormFieldName = "antiforgery";
        options.Cookie.Name = installation.CookieName("antiforgery");
        options.Cookie.SecurePolicy = installation.CookieSecurity;
        options.Cookie.SameSite = SameSiteMode.Lax; // the first page of a ceremony may be reached from another site
        options.Cookie.Path = "/";
        options.SuppressXFrameOptionsHeader = true; // SecurityHeaders writes the stricter one
    }
}
