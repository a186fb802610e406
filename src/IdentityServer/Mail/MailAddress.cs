using System.Diagnostics.CodeAnalysis;
using MimeKit;

namespace IdentityServer.Mail;

/// <summary>
/// Reads exactly one address. Everything that could smuggle in a second recipient, a route or a header line is refused: lists,
/// groups, comments, quoted local parts, line breaks (threat: mail to an address that the request named).
/// </summary>
internal static class MailAddress
{
    private const int MaxLength = 254; // RFC 5321 §4.5.3.1.3, less the angle brackets

    private static readonly ParserOptions Strict = new()
    {
        AddressParserComplianceMode = RfcComplianceMode.Strict,
        AllowAddressesWithoutDomain = false,
        AllowUnquotedCommasInAddresses = false,
        MaxAddressGroupDepth = 0,
    };

    /// <summary>Reads <c>local@domain</c>, or with a display name where that is allowed.</summary>
    public static bool TryRead(string? value, bool allowName, [NotNullWhen(true)] out MailboxAddress? address)
    {
        address = null;
        if (value is null || value.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029')
            || !MailboxAddress.TryParse(Strict, value, out var parsed) || parsed.Route.Count > 0 || !IsPlain(parsed.Address))
        {
            return false;
        }

        // Without a name, what was parsed must be what was given: nothing was skipped as a comment or folded away.
        // A domain may be given in either of its spellings (RFC 5890 §2.3.2.1).
        if (!allowName && parsed.Address != value && MailboxAddress.EncodeAddrspec(parsed.Address) != value)
        {
            return false;
        }

        address = new MailboxAddress(System.Text.Encoding.UTF8, parsed.Name, parsed.Address);
        return true;
    }

    private static bool IsPlain(string address)
    {
        var at = address.LastIndexOf('@');
        return address.Length <= MaxLength && at is > 0 and <= 64 && at < address.Length - 1
            && !address.Any(c => char.IsWhiteSpace(c) || c is '"' or '<' or '>' or '(' or ')' or ',' or ';' or ':' or '\\')
            && address.IndexOf('@', StringComparison.Ordinal) == at;
    }
}
