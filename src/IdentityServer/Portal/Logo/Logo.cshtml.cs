using IdentityServer.Clients.Showing;
using IdentityServer.Ownership;
using IdentityServer.SignIn;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal.Logo;

/// <summary>Uploads the logo of a client, takes it from where its <c>logo_uri</c> points, and removes it.</summary>
internal sealed class LogoModel(LogoDrawing drawing, RegisteredLogo registered, ClientLogos logos) : ClientPageModel
{
    [BindProperty]
    public IFormFile? Upload { get; set; }

    /// <summary>There is a logo.</summary>
    public bool HasLogo { get; private set; }

    /// <summary>What is said to be wrong is wrong with the file that was sent.</summary>
    public bool UploadRefused { get; private set; }

    /// <summary>Whose picture can be taken; null when the client names none.</summary>
    public string? PictureHost => RegisteredLogo.HostOf(Client.Settings);

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
            return await RefuseUploadAsync("portal.logo-missing", cancellationToken);
        }

        var verdict = await JudgeAsync(upload, cancellationToken);
        return verdict is LogoVerdict.Drawn drawn
            ? await PutAsync(drawn, "saved", cancellationToken)
            : await RefuseUploadAsync(LogoRefusals.KeyOf(verdict), cancellationToken);
    }

    public async Task<IActionResult> OnPostTakeAsync(CancellationToken cancellationToken)
    {
        if (PictureHost is not { } host)
        {
            return new SeeOther(AddressOf("logo")); // the address was removed since the page was shown, which then offers it no more
        }

        var verdict = await registered.DrawAsync(Client.Settings, cancellationToken);
        return verdict is LogoVerdict.Drawn drawn
            ? await PutAsync(drawn, "saved", cancellationToken)
            : await RefuseAsync([Words.Say("portal.logo-not-taken", ("host", host)), Words[LogoRefusals.KeyOf(verdict)]], cancellationToken);
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

    private Task<IActionResult> RefuseUploadAsync(string key, CancellationToken cancellationToken)
    {
        UploadRefused = true;
        return RefuseAsync([Words[key]], cancellationToken);
    }

    private async Task<IActionResult> RefuseAsync(IReadOnlyList<string> problems, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        return Refuse(problems);
    }

    private async Task LoadAsync(CancellationToken cancellationToken) => HasLogo = await logos.HasAsync(Client.RowId, cancellationToken);
}
