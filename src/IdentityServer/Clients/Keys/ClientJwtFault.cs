using OpenIddict.Server;

namespace IdentityServer.Clients.Keys;

/// <summary>What is wrong with a JWT that a client is said to have signed.</summary>
internal enum ClientJwtFaultKind
{
    Malformed,
    Type,
    Issuer,
    Audience,
    ExpiryMissing,
    LivesTooLong,
    IdMissing,
    Replayed,
    Algorithm,
    Expired,
    NotYet,
    KeyUnknown,
    KeysUnreachable,
    Signature,
}

/// <summary>Why a JWT is refused: a sentence for whoever sent it, and facts for the client's owners alone.</summary>
/// <param name="Kind">Which rule.</param>
/// <param name="Reason">The sentence. It says nothing that the sender does not know.</param>
/// <param name="Facts">What the owners' sentences name; nothing in them is secret.</param>
internal sealed record ClientJwtFault(ClientJwtFaultKind Kind, string Reason, params IReadOnlyList<(string Name, string Value)> Facts)
{
    private const string Property = "IdentityServer.ClientJwtFault";

    /// <summary>The fault of the assertion that a request brought, if it had one.</summary>
    public static ClientJwtFault? Of(OpenIddictServerTransaction transaction) => transaction.GetProperty<ClientJwtFault>(Property);

    /// <summary>Keeps it with the request.</summary>
    public void PutOn(OpenIddictServerTransaction transaction) => transaction.SetProperty(Property, this);
}
