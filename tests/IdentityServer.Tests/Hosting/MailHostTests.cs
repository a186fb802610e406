using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;

namespace IdentityServer.Tests.Hosting;

/// <summary>Threat 13: what a mail says of this server comes from its configuration, whatever the request that caused it said.</summary>
public sealed class MailHostTests
{
    [Fact]
    public async Task Mails_are_the_same_whatever_host_the_request_names()
    {
        await using var world = await World.StartAsync();
        var expected = await MailsAsync(world, null, null);
        expected.Code.ShouldContain(world.Server.Address.Authority);

        foreach (var (header, value) in new[]
        {
            ("Host", "evil.localhost"), ("Host", "127.6.6.6:5080"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Host", "evil.example, evil.example"),
            ("X-Forwarded-Server", "evil.example"), ("X-Host", "evil.example"), ("X-Forwarded-Prefix", "/evil.example"), ("X-Original-Host", "evil.example"),
            ("Forwarded", "host=evil.example;proto=https;for=1.2.3.4"), ("X-Forwarded-Port", "666"), ("Origin", "https://evil.example"), ("Referer", "https://evil.example/"),
        })
        {
            (await MailsAsync(world, header, value)).ShouldBe(expected, $"{header}: {value}");
        }
    }

    // The code mail and the alert after a wrong code, all but what is new each time.
    private static async Task<(string Code, string Alert)> MailsAsync(World world, string? header, string? value)
    {
        var email = await world.AddUserAsync("same@" + Guid.NewGuid().ToString("N") + ".example.com");
        var browser = world.OpenBrowser(network: "198.51.100.7");
        if (header is not null)
        {
            browser.Headers[header] = value!;
        }

        var page = await browser.FollowAsync(await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), email));
        var mail = await world.Smtp.TakeAsync(email, TestContext.Current.CancellationToken);
        await browser.EnterCodeAsync(page, Browser.WrongCode(mail.Code));
        var alert = await world.Smtp.TakeAsync(email, TestContext.Current.CancellationToken);
        return (Fixed(mail, mail.Code, page), Fixed(alert, mail.Code, page));
    }

    private static string Fixed(ReceivedMail mail, string code, Answer page)
    {
        var reference = page.Document.QuerySelector("bdi.reference")!.TextContent;
        var headers = string.Join('\n', mail.Message.Headers.Where(header => header.Id is not (MimeKit.HeaderId.MessageId or MimeKit.HeaderId.To or MimeKit.HeaderId.ContentType)).Select(header => $"{header.Field}: {header.Value}"));
        return $"{headers}\n{mail.Text}\n{mail.Html}".Replace(code, "CODE", StringComparison.Ordinal).Replace(reference, "REFERENCE", StringComparison.Ordinal);
    }
}
