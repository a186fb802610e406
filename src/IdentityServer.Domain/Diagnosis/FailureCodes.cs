namespace IdentityServer.Domain.Diagnosis;

/// <summary>
/// Why a client's request failed: stable names, which rows, the API and <c>docs/errors.md</c> share. Each says one mistake that its owner
/// can mend.
/// </summary>
public static class FailureCodes
{
    /// <summary>The redirect URI is none that is registered.</summary>
    public const string RedirectUriMismatch = "redirect_uri_mismatch";
}
