using Microsoft.Extensions.WebEncoders;

namespace IdentityServer.Languages;

/// <summary>Every word that people read, in every language that we ship, and which of them a page speaks.</summary>
internal static class LanguagesRoom
{
    public static WebApplicationBuilder AddLanguages(this WebApplicationBuilder builder)
    {
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddScoped(services => PageWords.Of(
            services.GetRequiredService<IHttpContextAccessor>().HttpContext ?? throw new InvalidOperationException("A page's words belong to a request.")));
        builder.Services.Configure<WebEncoderOptions>(options => options.TextEncoderSettings = ReadableHtml.Settings);
        return builder;
    }
}
