using IdentityServer.Clients.Diagnosis;
using OpenIddict.Server;

namespace IdentityServer.Protocol.Diagnosis;

/// <summary>What a handler of ours knows of the refusal that it makes, and the error that is sent does not say.</summary>
internal static class NotedFailure
{
    private const string Key = "IdentityServer.NotedFailure";

    /// <summary>What is known; null when nothing is.</summary>
    public static ClientMistake? Of(OpenIddictServerTransaction transaction) => transaction.GetProperty<ClientMistake>(Key);

    /// <summary>Keeps it with the request.</summary>
    public static void Put(OpenIddictServerTransaction transaction, ClientMistake failure) => transaction.SetProperty(Key, failure);
}
