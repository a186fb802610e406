using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace WebClient.Pages;

/// <summary>Says what this is and starts the sign-in.</summary>
public sealed class IndexModel(IConfiguration configuration) : PageModel
{
    /// <summary>Where people are sent to sign in.</summary>
    public string? Authority => configuration["Authority"];

    /// <summary>The signed-in person's name, or what stands for it.</summary>
    public string? PersonName => User.Identity?.Name ?? User.FindFirst("email")?.Value ?? User.FindFirst("sub")?.Value;

    /// <summary>Sends the browser to the provider; it comes back to the claims.</summary>
    public IActionResult OnPost() =>
        Challenge(new AuthenticationProperties { RedirectUri = Url.Page("/Account") }, OpenIdConnectDefaults.AuthenticationScheme);
}
