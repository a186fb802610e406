using System.Net;
using System.Text.Json;
using AngleSharp.Html.Dom;
using IdentityServer.Account;
using IdentityServer.Domain.Users;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Account;

/// <summary>What people write about themselves: checked, kept, and told to applications that may see it.</summary>
public sealed class ProfileTests
{
    private static readonly Dictionary<string, string> _full = new()
    {
        ["name"] = "Ada King",
        ["given_name"] = "Ada",
        ["middle_name"] = "Augusta",
        ["family_name"] = "King",
        ["nickname"] = "Countess",
        ["preferred_username"] = "ada",
        ["birthdate"] = "1815-12-10",
        ["gender"] = "female",
        ["locale"] = "fr",
        ["zoneinfo"] = "Europe/London",
        ["website"] = "https://ada.example/",
        ["profile"] = "https://ada.example/me",
        ["picture"] = "https://ada.example/me.png",
        ["phone_number"] = "+44 20 7946 0958",
        ["address.street_address"] = "12 St James's Square\nSecond floor",
        ["address.postal_code"] = "SW1Y 4JH",
        ["address.locality"] = "London",
        ["address.region"] = "England",
        ["address.country"] = "United Kingdom",
        ["address.formatted"] = "12 St James's Square, London",
    };

    [Fact]
    public async Task All_that_is_saved_is_told_to_an_application_that_may_see_it()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var (browser, page) = await world.OpenAccountAsync(email, "/account/profile");
        _full.Keys.ShouldBe(ProfileFields.All.Select(field => field.Name), ignoreOrder: true);

        var saved = await browser.SubmitAsync(page, _full);

        saved.Parameter("done").ShouldBe("saved", saved.Body);
        var back = await browser.GetAsync(client.Start(("scope", "openid profile email phone address")));
        var tokens = await client.ExchangeAsync((await browser.FollowAsync(back)).Parameter("code")!);
        var told = (await client.UserInfoAsync(tokens.AccessToken!)).Json;
        foreach (var (name, value) in _full)
        {
            var claim = name.StartsWith("address.", StringComparison.Ordinal) ? told.GetProperty("address").GetProperty(name[8..]) : told.GetProperty(name);
            claim.GetString().ShouldBe(value, name);
        }

        // And it stands in the form again, as it was written.
        var shown = await browser.GetAsync("/account/profile");
        Values(shown).ShouldBe(_full, ignoreOrder: true);
        shown.Document.DocumentElement.GetAttribute("lang").ShouldBe("fr");
    }

    [Theory]
    [InlineData("birthdate", "23.4.1990")]
    [InlineData("birthdate", "1990-02-30")]
    [InlineData("zoneinfo", "Paris, France")]
    [InlineData("zoneinfo", "Europe/Paris; DROP TABLE")]
    [InlineData("locale", "not a language")]
    [InlineData("website", "javascript:alert(1)")]
    [InlineData("website", "https://user:password@evil.example/")]
    [InlineData("picture", "data:image/png;base64,AAAA")]
    [InlineData("phone_number", "0207 946 0958")]
    [InlineData("name", "Ada\u202Egnik")]
    [InlineData("nickname", "a\u0007b")]
    [InlineData("family_name", "a\u2066b")]
    [InlineData("given_name", "a\u200Bb")]
    [InlineData("given_name", "\u200D")]
    [InlineData("nickname", "a\u2028b")]
    [InlineData("address.region", "a\r\nBcc: everybody@example.com")]
    public async Task A_value_that_breaks_its_rule_is_named_and_nothing_is_lost(string field, string value)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var before = await ClaimsAsync(world, email);
        var (browser, page) = await world.OpenAccountAsync(email, "/account/profile");

        var refused = await browser.SubmitAsync(page, new Dictionary<string, string>(_full) { [field] = value, ["locale"] = field == "locale" ? value : "en" });

        refused.Status.ShouldBe(HttpStatusCode.OK);
        var problem = refused.Document.QuerySelectorAll(".problem").ShouldHaveSingleItem();
        problem.Id.ShouldBe($"{field.Replace('.', '-')}-problem");
        refused.Document.QuerySelector($"[name='{field}']")!.GetAttribute("aria-describedby")!.Split(' ').ShouldContain(problem.Id!);
        Values(refused)["middle_name"].ShouldBe("Augusta");
        (await ClaimsAsync(world, email)).ShouldBe(before);
    }

    [Fact]
    public async Task Too_much_is_refused_in_words_and_an_empty_form_empties_the_profile()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (browser, page) = await world.OpenAccountAsync(email, "/account/profile");

        (await browser.SubmitAsync(page, new Dictionary<string, string> { ["name"] = new('n', 300) })).Document.QuerySelector("#name-problem").ShouldNotBeNull();
        (await browser.SubmitAsync(page, ProfileFields.All.ToDictionary(field => field.Name, field => " "))).Parameter("done").ShouldBe("saved");

        (await ClaimsAsync(world, email)).ShouldBe("{}");
    }

    [Fact]
    public async Task A_number_is_verified_no_longer_once_it_is_another_and_nobody_verifies_it_by_a_form()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        await SetAsync(world, email, """{"name":"Ada","phone_number":"+44 20 7946 0958","phone_number_verified":true}""");
        var (browser, page) = await world.OpenAccountAsync(email, "/account/profile");

        await browser.SubmitAsync(page, new Dictionary<string, string> { ["name"] = "Ada K", ["phone_number"] = "+44 20 7946 0958" });
        (await ClaimsAsync(world, email)).ShouldContain("\"phone_number_verified\":true");

        var fields = new Dictionary<string, string> { ["name"] = "Ada K", ["phone_number"] = "+44 20 7946 0959" };
        await browser.SubmitAsync(page, fields);
        (await ClaimsAsync(world, email)).ShouldNotContain("verified");

        var forged = page.Document.QuerySelector("input[name=antiforgery]")!.GetAttribute("value")!;
        await browser.PostAsync("/account/profile", new Dictionary<string, string>(fields)
        {
            ["antiforgery"] = forged,
            ["phone_number_verified"] = "true",
            ["email"] = "other@example.com",
            ["sub"] = "x",
            ["address"] = "x",
        });
        JsonDocument.Parse(await ClaimsAsync(world, email)).RootElement.EnumerateObject().Select(claim => $"{claim.Name}: {claim.Value}")
            .ShouldBe(["name: Ada K", "phone_number: +44 20 7946 0959"]);
    }

    private static Dictionary<string, string> Values(Answer page) => ProfileFields.All.ToDictionary(
        field => field.Name,
        field => page.Document.QuerySelector($"form [name='{field.Name}']") switch
        {
            IHtmlTextAreaElement area => area.Value,
            IHtmlSelectElement choice => choice.Value!,
            IHtmlInputElement input => input.Value,
            _ => throw new InvalidOperationException($"No field {field.Name}."),
        });

    private static async Task<string> ClaimsAsync(World world, string email) =>
        (await world.ReadAsync(db => db.Users.AsNoTracking().SingleAsync(user => user.Email == email))).Claims;

    private static Task<int> SetAsync(World world, string email, string claims)
    {
        StandardClaims.TryParse(
            JsonDocument.Parse(claims).RootElement.EnumerateObject().Select(claim => KeyValuePair.Create(claim.Name, claim.Value)), out var parsed, out _).ShouldBeTrue();
        var json = parsed!.ToJson();
        return world.ReadAsync(db => db.Users.Where(user => user.Email == email).ExecuteUpdateAsync(set => set.SetProperty(user => user.Claims, json)));
    }
}
