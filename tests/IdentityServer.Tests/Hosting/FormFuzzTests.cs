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
        "\"a b\"@evil.example", "third@evil.example\r\nX: y", "third@[127.0.0.1]", "third@fine.example\u2028", "' OR 1=1 --", "<script>alert(1)</script>", "{{7*7}}", "../../etc/passwd",
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
        await world.OpenAccountAsync(email); // another browser, to sign out of
        var posted = 0;
        var forms = new HashSet<string>();
        var stored = new HashSet<string>(StringComparer.Ordinal);
        foreach (var open in await FormsAsync(world, browser, email))
        {
            stored.UnionWith(await StoredAddressesAsync(world)); // a new password makes the server forget some
            await ForgetLimitsAsync(world);
            var page = await open(); // only now: what was fuzzed before may have closed its challenge
            page.Status.ShouldBe(HttpStatusCode.OK);
            foreach (var form in page.Document.Forms.Where(form => form.Method == "post"))
            {
                var fields = form.QuerySelectorAll("input, textarea, select, button[name]").Where(input => input.HasAttribute("name"))
                    .GroupBy(input => input.GetAttribute("name")!).ToDictionary(group => group.Key, group => group.First().GetAttribute("value") ?? "", StringComparer.Ordinal);
                var action = form.GetAttribute("action") is { Length: > 0 } target ? target : page.Message.RequestMessage!.RequestUri!.PathAndQuery;
                forms.Add(action.Split('?')[0]);
                foreach (var name in fields.Keys.Where(name => name != "antiforgery").ToList())
                {
                    foreach (var value in _values)
                    {
                        var others = Likely(fields, action.StartsWith("/account", StringComparison.Ordinal) ? "free@example.com" : email);
                        others[name] = value;
                        var answer = await browser.From($"198.18.{posted / 250}.{posted % 250}").PostAsync(action, others);
                        ((int)answer.Status).ShouldBeLessThan(500, $"{action}: {name} = {value}\n{answer.Body}");
                        posted++;
                        await ForgetLimitsAsync(world);
                        ForgetChallenges(browser);
                    }
                }
            }
        }

        posted.ShouldBeGreaterThan(1_000);
        forms.ShouldBe(
            ["/account/profile", "/account/address", "/account/address/code", "/account/delete", "/account/delete/code", "/account/sessions", "/account/apps", "/account/data",
             "/account/password", "/sign-up", "/sign-up/code", "/reset", "/reset/code", "/sign-in", "/sign-in/code", "/consent", "/sign-out"], ignoreOrder: true);
        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        stored.UnionWith(await StoredAddressesAsync(world));
        var recipients = world.Smtp.Mails.SelectMany(mail => mail.Recipients).ToHashSet(StringComparer.Ordinal);
        recipients.Where(recipient => !stored.Contains(recipient)).ShouldBeEmpty();

        // Besides the addresses that are meant, just the values that are one whole address each: two homographs, and one with a line break
        // behind it, which is left out.
        recipients.Except([email, "free@example.com", "new@example.com", "somebody-new@example.com"]).ShouldBeSubsetOf(["ada@xn--exmple-4nf.com", "\u0430dmin@example.com", "third@fine.example"]);
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

    // Every page with a form, as its own browser sees it when its turn comes.
    private static async Task<List<Func<Task<Answer>>>> FormsAsync(World world, Browser browser, string email)
    {
        var client = await world.AddThirdPartyClientAsync();
        var consent = await browser.FollowAsync(await browser.GetAsync(client.Start()));
        await browser.SubmitAsync(consent, new Dictionary<string, string> { ["Answer"] = "allow" });
        var another = await world.AddThirdPartyClientAsync();
        return
        [
            () => browser.GetAsync("/account/profile"), () => browser.GetAsync("/account/address"), () => browser.AskForAddressAsync("new@example.com"),
            () => browser.GetAsync("/account/delete"), () => browser.AskForDeletionAsync(), () => browser.GetAsync("/account/data"),
            () => browser.GetAsync("/account/apps"), () => browser.GetAsync("/account/sessions"),
            () => browser.GetAsync("/sign-up"), () => browser.AskForAccountAsync("somebody-new@example.com"),
            () => browser.GetAsync("/reset"), () => browser.AskForResetAsync(email),
            async () => await browser.FollowAsync(await browser.GetAsync(another.Start())),
            () => browser.GetAsync("/sign-in"), () => browser.ReachCodePageAsync("/sign-in", email),
            () => browser.GetAsync("/account/password"), // last but one: some of the values are passwords that one may choose
            () => browser.GetAsync("/sign-out"),
        ];
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

    // The jar keeps twenty cookies: those of challenges that nobody goes on with would push out the session's. The page under way keeps its own.
    private static void ForgetChallenges(Browser browser)
    {
        foreach (var cookie in browser.Cookies.GetAllCookies().Where(cookie => cookie.Name.StartsWith("idsrv.pending.", StringComparison.Ordinal))
            .OrderByDescending(cookie => cookie.TimeStamp).Skip(6))
        {
            cookie.Expired = true;
        }
    }

    // Or most values would only meet a limit.
    private static async Task ForgetLimitsAsync(World world)
    {
        await world.ReadAsync(db => db.Counters.ExecuteDeleteAsync());
        await world.ReadAsync(db => db.AccountGuessBudgets.ExecuteUpdateAsync(set => set.SetProperty(budget => budget.CodeMails, "")));
    }
}
