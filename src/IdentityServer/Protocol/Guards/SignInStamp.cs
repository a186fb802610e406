using OpenIddict.Server;

namespace IdentityServer.Protocol.Guards;

/// <summary>
/// What the first guard found about this request, for the second to check. There is one per transaction, and only the first guard makes
/// it.
/// </summary>
/// <param name="Subject">The <c>sub</c> that tokens may carry; null for requests in which no token may carry any.</param>
/// <param name="SessionId">The session that the tokens descend from; null for a client that acts for itself.</param>
internal sealed record SignInStamp(string? Subject, Guid? SessionId)
{
    private const string Key = "IdentityServer.SignInStamp";

    /// <summary>The transaction's stamp, if it has one.</summary>
    public static SignInStamp? Of(OpenIddictServerTransaction transaction) => transaction.GetProperty<SignInStamp>(Key);

    /// <summary>Stamps the transaction.</summary>
    public void PutOn(OpenIddictServerTransaction transaction) => transaction.SetProperty(Key, this);
}
