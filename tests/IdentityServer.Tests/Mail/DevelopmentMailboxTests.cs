using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AngleSharp.Html.Parser;
using IdentityServer.Mail;
using IdentityServer.Mail.Development;
using IdentityServer.Outbox;
using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Mail;

public sealed class DevelopmentMailboxTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task People_read_the_newest_mail_first_and_its_html_in_a_sandbox()
    {
        await using var server = await TestServer.StartAsync(setup => setup.Relay = false);
        await SendAsync(server, "ann@example.org", MailTexts.Code("00042"));
        await SendAsync(server, "bob@example.org", MailTexts.Code("90210") with { Product = "<script>alert(1)</script>" });
        using var client = server.CreateClient();

        var list = new HtmlParser().ParseDocument(await client.GetStringAsync("/dev/mailbox", Ct));

        list.QuerySelectorAll("pre").Select(pre => pre.TextContent.Contains("90210", StringComparison.Ordinal)).ShouldBe([true, false]);
        list.QuerySelectorAll("script, b").ShouldBeEmpty();
        using var html = await client.GetAsync(list.QuerySelector("article a")!.GetAttribute("href"), Ct);
        (await html.Content.ReadAsStringAsync(Ct)).ShouldContain(">90210<");
        html.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem().ShouldStartWith("sandbox; default-src 'none';");
    }

    [Fact]
    public async Task Programs_read_the_code_as_json_and_may_ask_by_address()
    {
        await using var server = await TestServer.StartAsync(setup => setup.Relay = false);
        await SendAsync(server, "ann@example.org", MailTexts.Code("00042"));
        await SendAsync(server, "bob@example.org", MailTexts.Code("90210"));
        using var client = server.CreateClient();

        var all = (await client.GetFromJsonAsync<JsonArray>("/dev/mailbox.json", Ct))!;
        var anns = (await client.GetFromJsonAsync<JsonArray>("/dev/mailbox.json?to=ANN@example.org", Ct))!;

        all.Select(mail => mail!["code"]!.GetValue<string>()).ShouldBe(["90210", "00042"]);
        var mail = anns.ShouldHaveSingleItem()!;
        mail["code"]!.GetValue<string>().ShouldBe("00042");
        mail["subject"]!.GetValue<string>().ShouldBe("Example sign-in code, requested 14:03 UTC");
        mail["text"]!.GetValue<string>().ShouldContain("00042");
        mail["html"]!.GetValue<string>().ShouldContain("00042");
    }

    [Fact]
    public async Task With_a_relay_there_is_no_mailbox_in_Development_either()
    {
        await using var server = await TestServer.StartAsync();

        await SendAsync(server, "ann@example.org", MailTexts.Code());

        server.Smtp.Mails.ShouldHaveSingleItem().Code.ShouldBe("00042");
        using var client = server.CreateClient();
        foreach (var path in new[] { "/dev/mailbox", "/dev/mailbox.json", "/dev/mailbox/1" })
        {
            using var answer = await client.GetAsync(path, Ct);
            answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task The_mailbox_keeps_the_newest_two_hundred()
    {
        var mailbox = new DevelopmentMailbox();
        await using var relay = new RelayHarness(Array.Empty<SmtpListener>());

        for (var mail = 0; mail < DevelopmentMailbox.Capacity + 5; mail++)
        {
            await mailbox.SendAsync(relay.Mail(), Ct);
        }

        mailbox.Mails.Select(mail => mail.Id).ShouldBe(Enumerable.Range(6, DevelopmentMailbox.Capacity).Reverse());
    }

    private static Task<DeliveryOutcome> SendAsync(TestServer server, string to, CodeMailFacts facts) =>
        server.Services.GetRequiredService<IMailTransport>()
            .SendAsync(server.Services.GetRequiredService<MailComposer>().Compose(to, CodeMail.ForSignIn(IdentityServer.Languages.Words.In("en"), facts)), Ct);
}
