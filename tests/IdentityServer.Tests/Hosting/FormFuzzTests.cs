using System.Globalization;
using System.Net;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.SignIn;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Hosting;

/// <summary>Each field of each form takes each hostile value, sent by somebody who is as far in as anybody gets: no failure, and no stray mail.</summary>
public sealed class FormFuzzTests
{
    private static readonly string[] _values =
    [
        "", " ", "\0", "a\0b", "\u0001\u0007\u001B[31m", "\r\nBcc: everybody@evil.example\r\n\r\nHello", "a\nb", "\u202Eevil\u202C", "\u2066x\u2069", "\u200B", "\uFEFFx", "\uFFFE", "\uD800",
        "\u0430dmin@example.com", "ada@ex\u0430mple.com", "ada@example.com,third@evil.example", "ada@example.com third@evil.example", "<third@evil.example>",
        "\"a b\"@evil.example", "third@evil.example\r\nX: y", "third@[127.0.0.1]", "third@evil.example\u2028", "' OR 1=1 --", "<script>alert(1)</script>", "{{7*7}}", "../../etc/passwd",
        "\U0001F468\u200D\U0001F469\u200D\U0001F467", "e\u0301\u0301\u0301\u0301", "00000", "٠٠٠٠٠", "1e5", "-1", new string('9', 400), new string('x', 5_000), new string('\u20AC', 3_000), string.Concat(Enumerable.Repeat("a@", 200)),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_value_of_any_field_makes_a_form_fail_or_mail_to_somebody_who_is_not_stored(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql, setup => (setup.Configure, setup.ShowLog) = (PlainHasher.Use, false));
        var email = await world.AddUserAsync();
        var (browser, _) = await world.OpenAccountAsync(email);
        var posted = 0;
        var stored = new HashSet<string>(StringComparer.Ordinal);
        foreach (var page in await FormsAsync(world, browser, email))
        {
            stored.UnionWith(await StoredAddressesAsync(world)); // a new password makes the server forget some
            foreach (var form in page.Document.Forms.Where(form => form.Method == "post"))
            {
                var fields = form.QuerySelectorAll("input, textarea, select, button[name]").Where(input => input.HasAttribute("name"))
                    .GroupBy(input => input.GetAttribute("name")!).ToDictionary(group => group.Key, group => group.First().GetAttribute("value") ?? "", StringComparer.Ordinal);
                var action = form.GetAttribute("action") is { Length: > 0 } target ? target : page.Message.RequestMessage!.RequestUri!.PathAndQuery;
                foreach (var name in fields.Keys.Where(name => name != "antiforgery").ToList())
                {
                    foreach (var value in _values)
                    {
                        var others = Likely(fields, email);
                        others[name] = value;
                        var answer = await browser.From($"198.18.{posted / 250}.{posted % 250}").PostAsync(action, others);
                        ((int)answer.Status).ShouldBeLessThan(500, $"{action}: {name} = {value}\n{answer.Body}");
                        posted++;
                        await ForgetLimitsAsync(world);
                    }
                }
            }
        }

        posted.ShouldBeGreaterThan(1_000);
        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        stored.UnionWith(await StoredAddressesAsync(world));
        world.Smtp.Mails.SelectMany(mail => mail.Recipients).Distinct().Where(recipient => !stored.Contains(recipient)).ShouldBeEmpty();
        world.Smtp.Mails.ShouldAllBe(mail => mail.Recipients.Count == 1 && !mail.Message.Headers.Contains("Bcc") && !mail.Message.Headers.Contains("X"));
        (await world.ReadAsync(db => db.Users.AnyAsync(user => user.Email == email))).ShouldBeTrue();
    }

    // As relays name them: domains in ASCII.
    private static Task<List<string>> StoredAddressesAsync(World world) => world.ReadAsync(async db =>
    {
        var all = (await db.Users.Select(row => row.Email).ToListAsync())
            .Concat(await db.PendingAccounts.Select(row => row.Email).ToListAsync())
            .Concat(await db.PendingAddresses.Select(row => row.Email).ToListAsync());
        return all.Select(address => address.Split('@') is [var name, var domain] ? $"{name}@{new IdnMapping().GetAscii(domain)}" : address).ToList();
    });

    // Every page with a form, as its own browser sees it; those about a code have a challenge that is open.
    private static async Task<List<Answer>> FormsAsync(World world, Browser browser, string email)
    {
        var pages = new List<Answer>
        {
            await browser.GetAsync("/account/profile"), await browser.GetAsync("/account/address"),
            await browser.GetAsync("/account/delete"), await browser.GetAsync("/account/sessions"), await browser.GetAsync("/account/data"),
            await browser.AskForAddressAsync("new@example.com"), await browser.AskForDeletionAsync(),
            await browser.AskForAccountAsync("somebody-new@example.com"), await browser.GetAsync("/sign-up"),
            await browser.AskForResetAsync(email), await browser.GetAsync("/reset"),
            await browser.ReachCodePageAsync("/sign-in", email), await browser.GetAsync("/sign-in"),
        };
        var client = await world.AddThirdPartyClientAsync();
        pages.Add(await browser.FollowAsync(await browser.GetAsync(client.Start())));
        pages[^1].Path().ShouldBe("/consent");
        pages.Add(await browser.GetAsync("/account/password")); // last: some of the values are passwords that one may choose
        pages.ShouldAllBe(page => page.Status == HttpStatusCode.OK);
        return pages;
    }

    // What gets furthest in, but for one field.
    private static Dictionary<string, string> Likely(Dictionary<string, string> fields, string email) => fields.ToDictionary(
        field => field.Key,
        field => field.Key switch
        {
            "Email" => email,
            "Current" => World.Password,
            "Password" => World.Password,
            "Digits" => "1", // counts nothing
            _ => field.Value,
        },
        StringComparer.Ordinal);

    // Or most values would only meet a limit.
    private static async Task ForgetLimitsAsync(World world)
    {
        await world.ReadAsync(db => db.Counters.ExecuteDeleteAsync());
        await world.ReadAsync(db => db.AccountGuessBudgets.ExecuteUpdateAsync(set => set.SetProperty(budget => budget.CodeMails, "")));
    }
}
