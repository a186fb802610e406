using IdentityServer.Domain.Diagnosis;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal;

/// <summary>What the reasons of failures mean: the sections of <c>docs/errors.md</c>, one at a time.</summary>
internal sealed class ErrorsModel : PortalPageModel
{
    /// <summary>The code that is explained; without one there is the list of all.</summary>
    [BindProperty(SupportsGet = true, Name = "code")]
    public string? Code { get; set; }

    /// <summary>The section as HTML.</summary>
    public IHtmlContent? Section { get; private set; }

    public IActionResult OnGet()
    {
        if (string.IsNullOrEmpty(Code))
        {
            return Page();
        }

        Section = FailureCatalogue.Find(Code) is null ? null : ErrorSections.Of(Code);
        return Section is null ? NotFound() : Page();
    }
}
