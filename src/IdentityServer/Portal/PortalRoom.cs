using System.Reflection;
using IdentityServer.Portal.TryIt;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Portal;

/// <summary>
/// What people do who connect applications. Every page of this folder asks for a sign-in, and every page about a client for one of its
/// owners, whether or not it thinks of it; the one that cannot says so.
/// </summary>
internal static class PortalRoom
{
    public static WebApplicationBuilder AddPortal(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<RequireOwner>();
        builder.Services.AddScoped<TrialSendOff>().AddScoped<TrialReturn>().AddScoped<RequireTrial>().AddScoped<RunModelParts>();
        builder.Services.Configure<RazorPagesOptions>(pages => pages.Conventions.AddFolderApplicationModelConvention("/Portal", page =>
        {
            if (page.ModelType?.GetCustomAttribute<ReachedWithoutSignInAttribute>() is null)
            {
                // Before a page's own filters, which may ask for more than an owner.
                page.Filters.Add(new ServiceFilterAttribute(typeof(RequireOwner)) { Order = int.MinValue });
            }
        }));
        return builder;
    }
}

/// <summary>The page answers whoever comes, and shows nothing of anybody's.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ReachedWithoutSignInAttribute : Attribute;
