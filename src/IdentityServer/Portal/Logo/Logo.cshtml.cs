using System.Diagnostics;
using IdentityServer.Clients.Showing;
using IdentityServer.Ownership;
using IdentityServer.SignIn;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Portal.Logo;

/// <summary>Uploads and removes the logo of a client.</summary>
internal sealed class LogoModel(LogoDrawing drawing, ClientLogos logos) : ClientPageModel
{
    [BindProperty]
    public IFormFile? Upload { get; set; }

    /// <summary>There is a logo.</summary>
    public bool HasLogo { get; private set; }

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string>
    {
        ["saved"] = "portal.logo-saved",
        ["removed"] = "portal.logo-removed",
    };

    public Task OnGetAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (Upload is not { Length: > 0 } upload)
        {
            return await RefuseAsync("portal.logo-missing", cancellationToken);
        }

        return await JudgeAsync(upload, cancellationToken) switch
        {
            LogoVerdict.Drawn drawn => await PutAsync(drawn, "saved", cancellationToken),
            LogoVerdict.TooLarge => await RefuseAsync("portal.logo-too-large", cancellationToken),
            LogoVerdict.WrongKind => await RefuseAsync("portal.logo-wrong-kind", cancellationToken),
            LogoVerdict.Animated => await RefuseAsync("portal.logo-animated", cancellationToken),
            LogoVerdict.TooManyPixels => await RefuseAsync("portal.logo-too-many-pixels", cancellationToken),
            LogoVerdict.Damaged => await RefuseAsync("portal.logo-damaged", cancellationToken),
            var other => throw new UnreachableException($"Unmapped verdict {other}."),
        };
    }

    public Task<IActionResult> OnPostRemoveAsync(CancellationToken cancellationToken) => PutAsync(null, "removed", cancellationToken);

    private async Task<LogoVerdict> JudgeAsync(IFormFile upload, CancellationToken cancellationToken)
    {
        if (upload.Length > LogoDrawing.LargestFile)
        {
            return new LogoVerdict.TooLarge();
        }

        using var file = new MemoryStream((int)upload.Length);
        await upload.CopyToAsync(file, cancellationToken);
        return await drawing.DrawAsync(file.ToArray(), cancellationToken);
    }

    private async Task<IActionResult> PutAsync(LogoVerdict.Drawn? picture, string done, CancellationToken cancellationToken) =>
        await logos.PutAsync(Client, picture, cancellationToken) ? new SeeOther(AddressOf("logo", done)) : NotFound();

    private async Task<IActionResult> RefuseAsync(string key, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        return Refuse(Words[key]);
    }

    private async Task LoadAsync(CancellationToken cancellationToken) => HasLogo = await logos.HasAsync(Client.RowId, cancellationToken);
}
