using System.Globalization;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace WebClient.Pages;

/// <summary>What the provider said about the person, and what can be done with the tokens.</summary>
internal sealed class AccountModel(ProviderClient provider, NotesClient notes, TimeProvider clock) : PageModel
{
    private const string ExpiresAtName = "expires_at";

    /// <summary>The id_token's claims, in its own order.</summary>
    public IReadOnlyList<ClaimRow> Claims { get; private set; } = [];

    /// <summary>When the access token dies, UTC.</summary>
    public string ExpiresAt { get; private set; } = "";

    /// <summary>Userinfo's answer, when it was asked.</summary>
    public string? UserInfo { get; private set; }

    /// <summary>The API's answer, when it was called.</summary>
    public string? Notes { get; private set; }

    /// <summary>What the last action did; shown once.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Shows the claims.</summary>
    public async Task OnGetAsync()
    {
        Claims = ClaimRow.Read(await HttpContext.GetTokenAsync(OpenIdConnectParameterNames.IdToken));
        ExpiresAt = Readable(await HttpContext.GetTokenAsync(ExpiresAtName));
    }

    /// <summary>Asks userinfo and shows the answer beside the claims.</summary>
    public async Task OnGetUserInfoAsync(CancellationToken ct)
    {
        await OnGetAsync();
        var accessToken = await HttpContext.GetTokenAsync(OpenIdConnectParameterNames.AccessToken);
        UserInfo = await provider.GetUserInfoAsync(accessToken ?? "", ct);
    }

    /// <summary>Calls the API with the access token and shows the answer beside the claims.</summary>
    public async Task OnGetNotesAsync(CancellationToken ct)
    {
        await OnGetAsync();
        Notes = await notes.GetNotesAsync(await HttpContext.GetTokenAsync(OpenIdConnectParameterNames.AccessToken) ?? "", ct);
    }

    /// <summary>Trades the refresh token for new tokens and keeps them.</summary>
    public async Task<IActionResult> OnPostRefreshAsync(CancellationToken ct)
    {
        var session = await HttpContext.AuthenticateAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        var properties = session.Properties!;
        Notice = properties.GetTokenValue(OpenIdConnectParameterNames.RefreshToken) is not { } refreshToken
            ? "The provider gave no refresh token."
            : await provider.RefreshAsync(refreshToken, properties.GetTokenValue(OpenIdConnectParameterNames.IdToken), ct) switch
            {
                RefreshResult.Refreshed refreshed => await KeepAsync(session, refreshed.Tokens),
                RefreshResult.Refused refused => $"Not refreshed: {refused.Error}. {refused.Description} Sign in again for new tokens.",
                var other => throw new System.Diagnostics.UnreachableException($"Unmapped result {other}."),
            };
        return RedirectToPage();
    }

    /// <summary>Signs out here and, by way of its end-session endpoint, at the provider.</summary>
    public IActionResult OnPostSignOut() => SignOut(
        new AuthenticationProperties { RedirectUri = Url.Page("/Index") },
        CookieAuthenticationDefaults.AuthenticationScheme,
        OpenIdConnectDefaults.AuthenticationScheme);

    private async Task<string> KeepAsync(AuthenticateResult session, OpenIdConnectMessage fresh)
    {
        var properties = session.Properties!;
        var before = properties.GetTokenValue(ExpiresAtName);
        var after = clock.GetUtcNow()
            .AddSeconds(int.Parse(fresh.ExpiresIn, CultureInfo.InvariantCulture))
            .ToString("o", CultureInfo.InvariantCulture);

        properties.UpdateTokenValue(OpenIdConnectParameterNames.AccessToken, fresh.AccessToken);
        properties.UpdateTokenValue(ExpiresAtName, after);
        if (fresh.RefreshToken is not null)
        {
            properties.UpdateTokenValue(OpenIdConnectParameterNames.RefreshToken, fresh.RefreshToken);
        }

        if (fresh.IdToken is not null)
        {
            properties.UpdateTokenValue(OpenIdConnectParameterNames.IdToken, fresh.IdToken);
        }

        await HttpContext.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, session.Principal!, properties);
        return $"Refreshed: the access token lasted until {Readable(before)}, the new one lasts until {Readable(after)}.";
    }

    private static string Readable(string? moment) => moment is null
        ? "an unknown time"
        : DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture).UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
