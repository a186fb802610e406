using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace IdentityServer.Sessions;

/// <summary>
/// A pointer to a row, in a cookie: the row's id and a random secret whose SHA-256 the row holds. It carries nothing else, so nothing in
/// it can be forged, and a stolen database opens no session.
/// </summary>
internal sealed class HandleCookie
{
    private const int SecretLength = 32;

    private readonly byte[] _secret;

    private HandleCookie(Guid id, byte[] secret) => (Id, _secret) = (id, secret);

    /// <summary>The row.</summary>
    public Guid Id { get; }

    /// <summary>What the row holds of the secret.</summary>
    public byte[] Hash => SHA256.HashData(_secret);

    /// <summary>A fresh handle: new at each step of a sign-in, so that a planted one never authenticates.</summary>
    public static HandleCookie Create(Guid id) => new(id, RandomNumberGenerator.GetBytes(SecretLength));

    /// <summary>Reads a cookie's value.</summary>
    public static bool TryParse(string? value, [NotNullWhen(true)] out HandleCookie? handle)
    {
        handle = null;
        Span<byte> bytes = stackalloc byte[16 + SecretLength];
        if (value is null || value.Length != Base64Url.GetEncodedLength(bytes.Length)
            || !Base64Url.TryDecodeFromChars(value, bytes, out var written) || written != bytes.Length)
        {
            return false;
        }

        handle = new(new Guid(bytes[..16]), bytes[16..].ToArray());
        return true;
    }

    /// <summary>Compares with a row's hash in constant time.</summary>
    public bool Matches(byte[] hash) => CryptographicOperations.FixedTimeEquals(Hash, hash);

    /// <summary>The cookie's value.</summary>
    public string Reveal()
    {
        Span<byte> bytes = stackalloc byte[16 + SecretLength];
        Id.TryWriteBytes(bytes);
        _secret.CopyTo(bytes[16..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <inheritdoc />
    public override string ToString() => $"{Id:N}.•••";

    /// <summary>A cookie's full name: bound to this host (<c>__Host-</c>, RFC 6265bis §4.1.3.2) wherever the connection is secure.</summary>
    public static string NameOf(HttpContext context, string name) => context.Request.IsHttps ? "__Host-" + name : name;

    /// <summary>How our cookies are set: whole host, no script, not sent by cross-site posts.</summary>
    public static CookieOptions Options(HttpContext context, TimeSpan? lifetime = null) => new()
    {
        Path = "/",
        HttpOnly = true,
        Secure = context.Request.IsHttps,
        SameSite = SameSiteMode.Lax,
        IsEssential = true,
        MaxAge = lifetime,
    };
}
