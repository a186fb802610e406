using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Portal;

/// <summary>
/// What people do who connect applications. Every page of this folder asks for a sign-in, and every page about a client for one of its
/// owners, whether or not it thinks of it.
/// </summary>
internal static class PortalRoom
{
    public static WebApplicationBuilder AddPortal(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<RequireOwner>();
        builder.Services.Configure<RazorPagesOptions>(pages =>
            pages.Conventions.AddFolderApplicationModelConvention("/Portal", page => page.Filters.Add(new ServiceFilterAttribute(typeof(RequireOwner)))));
        return builder;
    }
}
