using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace IdentityServer.Settings;

/// <summary>The ground floor: reads the configuration, and refuses it with everything that is wrong at once.</summary>
internal static class SettingsRoom
{
    /// <summary>Comes before every other room: they report to what is set up here.</summary>
    public static WebApplicationBuilder AddSettings(this WebApplicationBuilder builder)
    {
        var report = new SettingsReport();
        builder.Host.Properties[typeof(SettingsReport)] = report;
        MandatoryCode.Check(builder.Configuration, report);

        var development = builder.Environment.IsDevelopment();
        var issuer = IssuerSetting.Read(builder.Configuration, report, development);
        var product = builder.AddSettings<ProductOptions>();
        builder.AddSettings<DemoOptions>();
        builder.AddSettings<SignUpOptions>();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(services => new Installation(product, issuer, development, services.GetRequiredService<IServer>()));
        return builder;
    }

    /// <summary>
    /// Reads a room's section, checks it, and offers it as <typeparamref name="T"/> and as <see cref="IOptions{T}"/>. Problems are
    /// collected, not thrown: with any, the server is not built.
    /// </summary>
    public static T AddSettings<T>(this WebApplicationBuilder builder)
        where T : class, ISettings, new()
    {
        var settings = SettingsReader.Read<T>(builder.Configuration, builder.SettingsReport(), builder.Environment.IsDevelopment());
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(Options.Create(settings));
        return settings;
    }

    /// <summary>Where a room reports what no single section can tell.</summary>
    public static SettingsReport SettingsReport(this WebApplicationBuilder builder) =>
        (SettingsReport)builder.Host.Properties[typeof(SettingsReport)];
}
