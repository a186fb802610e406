using IdentityServer.Mail.Development;
using IdentityServer.Mail.Relays;
using IdentityServer.Settings;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IdentityServer.Mail;

/// <summary>Writes mails and hands them over: to the relays, or in Development without any, to the mailbox at <c>/dev/mailbox</c>.</summary>
internal static class MailRoom
{
    public static WebApplicationBuilder AddMail(this WebApplicationBuilder builder)
    {
        var options = builder.AddSettings<MailOptions>();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(_ => MailSettings.Of(options));
        builder.Services.AddSingleton<MailComposer>();
        builder.Services.AddScoped<ServiceMail>().AddSingleton<TestMailSeal>();
        if (options.Relays.Count == 0 && builder.Environment.IsDevelopment())
        {
            builder.Services.AddSingleton<DevelopmentMailbox>();
            builder.Services.AddWayOut<DevelopmentMailbox>();
            return builder;
        }

        builder.Services.Configure<RazorPagesOptions>(DevelopmentMailboxPages.RemovePage);
        if (options.Relays.Count > 0)
        {
            builder.Services.AddSingleton<RelayMailTransport>().AddWayOut<RelayMailTransport>();
        }

        return builder;
    }

    /// <summary>Maps <c>/dev/mailbox</c> where there is a development mailbox; anywhere else the path does not exist.</summary>
    public static WebApplication MapMail(this WebApplication app)
    {
        if (app.Environment.IsDevelopment() && app.Services.GetService<DevelopmentMailbox>() is { } mailbox)
        {
            app.MapDevelopmentMailbox(mailbox);
        }

        return app;
    }

    // Whoever sends gets the gate, and nothing behind it.
    private static void AddWayOut<T>(this IServiceCollection services)
        where T : class, IMailTransport =>
        services.AddSingleton<IMailTransport>(provider => ActivatorUtilities.CreateInstance<TestMailGate>(provider, provider.GetRequiredService<T>()));
}
