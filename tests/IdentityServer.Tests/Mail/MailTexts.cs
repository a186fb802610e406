using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Mail;

namespace IdentityServer.Tests.Mail;

/// <summary>Facts for mails, all of them given.</summary>
internal static class MailTexts
{
    public static readonly DateTimeOffset Requested = new(2026, 3, 9, 15, 3, 20, TimeSpan.FromHours(1));

    public static CodeMailFacts Code(string digits = "00042")
    {
        OneTimeCode.TryParse(digits, out var code).ShouldBeTrue();
        return new(
            "Example", code, Requested, Requested.AddMinutes(30), "Tea Party", "Firefox on Linux", "192.0.2.7", "otter", "id.example.com");
    }

    public static AlertMailFacts Alert() => new("Example", Requested, "Firefox on Linux", "2001:db8:7::/64", "id.example.com");
}
