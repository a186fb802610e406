using IdentityServer.SignIn.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Account;

/// <summary>What people do with their own account. Every page of this folder asks for a sign-in, whether or not it thinks of it.</summary>
internal static class AccountRoom
{
    // Where password managers look for the page that changes a password (W3C, A Well-Known URL for Changing Passwords).
    private const string ChangePassword = "/.well-known/change-password";

    public static WebApplicationBuilder AddAccount(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<RequireSignIn>().AddScoped<AccountExport>();
        builder.Services.Configure<RazorPagesOptions>(pages =>
            pages.Conventions.AddFolderApplicationModelConvention("/Account", page => page.Filters.Add(new ServiceFilterAttribute(typeof(RequireSignIn)))));
        return builder;
    }

    /// <summary>Maps the address that leads to the password page.</summary>
    public static WebApplication MapAccount(this WebApplication app)
    {
        app.MapGet(ChangePassword, () => Results.Redirect("/account/password"));
        return app;
    }
}
