using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Clients;
using IdentityServer.Secrets;

namespace IdentityServer.Protocol;

/// <summary>
/// The <c>sub</c> that a client sees. A client with pairwise subjects sees one that only clients of its sector see (OpenID Connect Core §8.1),
/// worked out under a key that never changes: nothing is stored for it, and a copy of the database does not tell who is who.
/// </summary>
internal sealed class PairwiseSubjects(InstallationSecrets secrets)
{
    /// <summary>The key's purpose. It is never rotated: everybody would be a stranger to every client.</summary>
    public const string KeyPurpose = "pairwise-subjects";

    private const string Label = "IdentityServer pairwise subject v1";

    private SecretKey? _key;

    /// <summary>Sees to it that the key exists, while the server starts: where it is needed first, a transaction is open that cannot wait for another.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken) => _key = await secrets.CurrentAsync(KeyPurpose, cancellationToken);

    /// <summary>A user's subject at a client.</summary>
    public ValueTask<string> OfAsync(Guid userId, ClientSettings client, CancellationToken cancellationToken) =>
        client.Sector is { } sector ? DeriveAsync(userId, sector, cancellationToken) : new(userId.ToString("D"));

    private async ValueTask<string> DeriveAsync(Guid userId, string sector, CancellationToken cancellationToken)
    {
        var key = _key ??= await secrets.CurrentAsync(KeyPurpose, cancellationToken);

        // The lengths of label and identifier are fixed, so no two inputs read alike.
        var input = Encoding.UTF8.GetBytes($"{Label}{userId:N}{sector.ToLowerInvariant()}");
        return Base64Url.EncodeToString(HMACSHA256.HashData(key.Bytes.Span, input));
    }
}
