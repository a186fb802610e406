using System.Diagnostics.CodeAnalysis;

namespace IdentityServer.Users.Hashing;

/// <summary>A password hash as it stands in an account's row: ours, or one that another system made and that is replaced at the next sign-in.</summary>
internal abstract class StoredHash
{
    /// <summary>Characters that a stored hash has at most: the column's width.</summary>
    public const int MaxLength = 512;

    /// <summary>A short name for measurements.</summary>
    public abstract string Format { get; }

    /// <summary>The format with all that its work depends on. Two hashes of one recipe take the same time to verify.</summary>
    public abstract string Recipe { get; }

    /// <summary>False when a new hash would be made differently.</summary>
    public abstract bool IsCurrent { get; }

    /// <summary>Hashes the password and compares in constant time. Slow by design.</summary>
    public abstract bool Matches(string password);

    /// <summary>A hash of the same recipe that nobody's password has.</summary>
    public abstract StoredHash Twin();

    /// <summary>Reads a hash and checks that verifying it costs neither too much nor nothing.</summary>
    /// <param name="text">The hash as text.</param>
    /// <param name="hash">The hash, when it can be verified here.</param>
    /// <param name="reason">Otherwise why not, and what to do.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out StoredHash? hash, [NotNullWhen(false)] out string? reason)
    {
        ArgumentNullException.ThrowIfNull(text);
        (hash, reason) = text switch
        {
            { Length: > MaxLength } => (null, $"has more than {MaxLength} characters; give one hash"),
            _ when text.StartsWith("$argon2", StringComparison.Ordinal) => Argon2idHash.Parse(text),
            _ when text.StartsWith("$2", StringComparison.Ordinal) => BcryptHash.Parse(text),
            _ when text.StartsWith('$') || text.StartsWith('{') => (null, Unknown),
            _ => IdentityV3Hash.Parse(text),
        };

        return hash is not null;
    }

    private const string Unknown =
        "is of a kind that is not verified here; give Argon2id ($argon2id$...), ASP.NET Core Identity V3 (AQAAAA...) or bcrypt ($2b$...)";
}
