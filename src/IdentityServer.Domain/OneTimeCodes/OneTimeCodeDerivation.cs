using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Domain.OneTimeCodes;

/// <summary>Everything a one-time code is bound to. Change any of it and the code is another.</summary>
/// <param name="ChallengeId">The challenge that the code answers.</param>
/// <param name="UserId">The account.</param>
/// <param name="Seed">32 random bytes of the challenge.</param>
/// <param name="BrowserHash">SHA-256 of the secret that the browser which passed the password step holds.</param>
/// <param name="CredentialVersion">Counts changes of the account's password and address: a change voids the code.</param>
/// <param name="Purpose">What the code is for; a code of one purpose is void for another.</param>
public sealed record OneTimeCodeBinding(
    Guid ChallengeId, Guid UserId, ReadOnlyMemory<byte> Seed, ReadOnlyMemory<byte> BrowserHash, long CredentialVersion, string Purpose);

/// <summary>
/// Derives the code instead of storing it: HMAC-SHA-256 over length-prefixed fields under a dedicated key, mapped onto the code
/// space without bias. A database dump reveals no code, and the same code can be mailed again.
/// </summary>
public static class OneTimeCodeDerivation
{
    /// <summary>Bytes that a derivation key must have.</summary>
    public const int KeyLength = 32;

    /// <summary>Bytes of a challenge's random seed.</summary>
    public const int SeedLength = 32;

    private const string Label = "IdentityServer one-time code v1";

    // The largest multiple of the code space that 32 bits hold: draws above it are thrown away, or low codes would come up more often.
    private const uint Fair = uint.MaxValue - (uint)((uint.MaxValue % OneTimeCode.Space) + 1) % OneTimeCode.Space;

    /// <summary>The code for a binding under a key.</summary>
    /// <exception cref="ArgumentException">Key or seed have the wrong length.</exception>
    public static OneTimeCode Derive(ReadOnlySpan<byte> key, OneTimeCodeBinding binding)
    {
        ArgumentNullException.ThrowIfNull(binding);
        if (key.Length != KeyLength || binding.Seed.Length != SeedLength)
        {
            throw new ArgumentException($"Key and seed have {KeyLength} and {SeedLength} bytes.", nameof(key));
        }

        for (var round = 0; ; round++)
        {
            var digest = HMACSHA256.HashData(key, Message(binding, round));
            for (var offset = 0; offset < digest.Length; offset += sizeof(uint))
            {
                var draw = BinaryPrimitives.ReadUInt32BigEndian(digest.AsSpan(offset));
                if (draw <= Fair)
                {
                    return OneTimeCode.FromIndex((int)(draw % OneTimeCode.Space));
                }
            }
        }
    }

    private static byte[] Message(OneTimeCodeBinding binding, int round)
    {
        using var message = new MemoryStream();
        Write(message, Encoding.UTF8.GetBytes(Label));
        Write(message, binding.ChallengeId.ToByteArray());
        Write(message, binding.UserId.ToByteArray());
        Write(message, binding.Seed.Span);
        Write(message, binding.BrowserHash.Span);
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(number, binding.CredentialVersion);
        Write(message, number);
        Write(message, Encoding.UTF8.GetBytes(binding.Purpose));
        BinaryPrimitives.WriteInt64BigEndian(number, round);
        Write(message, number);
        return message.ToArray();
    }

    private static void Write(MemoryStream message, ReadOnlySpan<byte> field)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, field.Length);
        message.Write(length);
        message.Write(field);
    }
}
