using System.Security.Cryptography;
using System.Text;
using IdentityServer.Domain.Users;
using IdentityServer.Secrets;

namespace IdentityServer.SignIn.Proofs;

/// <summary>
/// Stands in for the account of an address that has none, always the same for an address: what is counted by account is counted by
/// address then, and looks the same from outside. Without the installation's key nobody can tell which address it is of.
/// </summary>
internal sealed class StandIns(InstallationSecrets secrets)
{
    private const string Purpose = "stand-in";

    /// <summary>The identifier for an address. No account ever has it: those of accounts are random.</summary>
    public async ValueTask<Guid> ForAsync(EmailAddress address, CancellationToken cancellationToken)
    {
        var key = await secrets.CurrentAsync(Purpose, cancellationToken);
        return new Guid(HMACSHA256.HashData(key.Bytes.Span, Encoding.UTF8.GetBytes(address.Normalized)).AsSpan(0, 16));
    }
}
