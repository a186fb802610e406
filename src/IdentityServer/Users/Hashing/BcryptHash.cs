using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace IdentityServer.Users.Hashing;

/// <summary>
/// bcrypt, for imported accounts only. It looks at the first 72 bytes of a password and ignores the rest, as the system did that made
/// the hash; the Argon2id hash that replaces it at the next sign-in covers the whole password.
/// </summary>
internal sealed partial class BcryptHash : StoredHash
{
    // Each step doubles the work: 14 is about a second of one core.
    private const int LeastCost = 4;
    private const int MostCost = 14;

    private const string Letters = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private const int HashLetters = 31;

    private readonly string _text;
    private readonly int _cost;

    private BcryptHash(string text, int cost) => (_text, _cost) = (text, cost);

    /// <inheritdoc />
    public override string Format => "bcrypt";

    /// <inheritdoc />
    public override string Recipe => string.Create(CultureInfo.InvariantCulture, $"{Format} {_cost}");

    /// <inheritdoc />
    public override bool IsCurrent => false;

    /// <inheritdoc />
    public override bool Matches(string password) => BCrypt.Net.BCrypt.Verify(password, _text);

    /// <inheritdoc />
    public override StoredHash Twin() =>
        new BcryptHash(BCrypt.Net.BCrypt.GenerateSalt(_cost) + RandomNumberGenerator.GetString(Letters, HashLetters), _cost);

    /// <summary>Reads <c>$2b$12$</c>, 22 characters of salt and 31 of hash.</summary>
    public static (StoredHash? Hash, string? Reason) Parse(string text)
    {
        if (text.StartsWith("$2x$", StringComparison.Ordinal))
        {
            return (null, "is of the faulty bcrypt variant $2x$; only $2a$, $2b$ and $2y$ are verified here");
        }

        if (Form().Match(text) is not { Success: true } match)
        {
            return (null, "is not a bcrypt hash; write $2b$, two digits of cost, $, and 53 characters");
        }

        var cost = int.Parse(match.Groups["cost"].ValueSpan, CultureInfo.InvariantCulture);
        return cost is >= LeastCost and <= MostCost
            ? (new BcryptHash(text, cost), null)
            : (null, $"has the cost {cost}; {LeastCost} to {MostCost} are verified here");
    }

    [GeneratedRegex(@"^\$2[aby]\$(?<cost>[0-9]{2})\$[./A-Za-z0-9]{53}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
