using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using IdentityServer.Domain.Users;
using IdentityServer.Users.Hashing;

namespace IdentityServer.Maintenance.Import;

/// <summary>A line of a file of accounts.</summary>
/// <param name="Address">The member <c>email</c>.</param>
/// <param name="EmailVerified">The member <c>email_verified</c>; false when it is not there.</param>
/// <param name="Password">The member <c>password</c>; null when the line has a hash.</param>
/// <param name="PasswordHash">The member <c>password_hash</c>; null when the line has a password.</param>
/// <param name="Claims">All other members.</param>
internal sealed record UserLine(EmailAddress Address, bool EmailVerified, string? Password, string? PasswordHash, StandardClaims Claims)
{
    /// <summary>Reads a line.</summary>
    /// <param name="content">A JSON object.</param>
    /// <param name="line">What it says, when every rule is kept.</param>
    /// <param name="reason">All that is wrong, otherwise.</param>
    public static bool TryRead(JsonElement content, [NotNullWhen(true)] out UserLine? line, out string reason)
    {
        var problems = new List<string>();
        var address = ReadAddress(content, problems);
        var verified = ReadVerified(content, problems);
        var (password, hash) = ReadSecret(content, problems);
        var members = content.EnumerateObject()
            .Where(member => member.Name is not ("email" or "email_verified" or "password" or "password_hash"))
            .Select(member => KeyValuePair.Create(member.Name, member.Value));
        if (!StandardClaims.TryParse(members, out var claims, out var found))
        {
            problems.AddRange(found.Select(problem => problem.ToString()));
        }

        reason = string.Join(". ", problems);
        line = problems.Count == 0 ? new(address!, verified, password, hash, claims!) : null;
        return line is not null;
    }

    /// <summary>Hidden: a line holds a password.</summary>
    public override string ToString() => "a line of accounts";

    private static EmailAddress? ReadAddress(JsonElement content, List<string> problems)
    {
        if (!content.TryGetProperty("email", out var value))
        {
            problems.Add("email is missing; add \"email\": \"name@example.com\"");
        }
        else if (value.ValueKind != JsonValueKind.String || !EmailAddress.TryParse(value.GetString(), out var address))
        {
            problems.Add("email is not an address; write it as \"name@example.com\"");
        }
        else if (TestAddress.IsReserved(address))
        {
            problems.Add($"email lies under {TestAddress.Domain}, which is kept for test users of clients; give an address under another domain");
        }
        else
        {
            return address;
        }

        return null;
    }

    private static bool ReadVerified(JsonElement content, List<string> problems)
    {
        if (!content.TryGetProperty("email_verified", out var value))
        {
            return false;
        }

        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            problems.Add("email_verified is not a boolean; write true or false, without quotes");
        }

        return value.ValueKind == JsonValueKind.True;
    }

    private static (string? Password, string? Hash) ReadSecret(JsonElement content, List<string> problems)
    {
        var hasPassword = content.TryGetProperty("password", out var password);
        var hasHash = content.TryGetProperty("password_hash", out var hash);
        if (hasPassword == hasHash)
        {
            problems.Add(hasPassword
                ? "password and password_hash are both there; keep one"
                : "password and password_hash are both missing; give one of them");
            return default;
        }

        var (name, value) = hasPassword ? ("password", password) : ("password_hash", hash);
        if (value.ValueKind != JsonValueKind.String)
        {
            problems.Add($"{name} is not a string; put it in quotes");
            return default;
        }

        var text = value.GetString()!;
        var problem = hasPassword ? PasswordText.Problem(text) : StoredHash.TryParse(text, out _, out var reason) ? null : reason;
        if (problem is not null)
        {
            problems.Add($"{name} {problem}");
        }

        return hasPassword ? (text, null) : (null, text);
    }
}
