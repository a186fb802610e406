namespace IdentityServer.Domain.Diagnosis;

/// <summary>
/// Why a client's request failed: stable names, which rows, the API and <c>docs/errors.md</c> share. Each says one mistake that its owner
/// can mend. What belongs to each, <see cref="FailureCatalogue"/> says.
/// </summary>
public static partial class FailureCodes;
