using OpenIddict.Server;

namespace IdentityServer.Protocol.Dispatching;

/// <summary>
/// Which handler refused a request: the innermost, where one event asked another. It tells the rule that was broken, where the error that
/// is sent names many by one word.
/// </summary>
internal static class RefusedBy
{
    private const string Key = "IdentityServer.RefusedBy";

    /// <summary>The handler's type; null when nothing was refused.</summary>
    public static Type? Of(OpenIddictServerTransaction transaction) => transaction.GetProperty<Type>(Key);

    /// <summary>Takes note of a refusal.</summary>
    public static void Put(OpenIddictServerTransaction transaction, Type handler) => transaction.SetProperty(Key, handler);
}
