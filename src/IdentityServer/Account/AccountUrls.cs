namespace IdentityServer.Account;

/// <summary>The pages of this room that are about a challenge.</summary>
internal static class AccountUrls
{
    /// <summary>The page that takes the code for a new address.</summary>
    public static string AddressCode(Guid challengeId) => $"/account/address/code?challenge={challengeId:N}";

    /// <summary>The page that takes the code for a deletion.</summary>
    public static string DeletionCode(Guid challengeId) => $"/account/delete/code?challenge={challengeId:N}";

    /// <summary>A page that says what became of its own last step.</summary>
    public static string After(string page, string? done) => done is null ? page : $"{page}?done={done}";
}
