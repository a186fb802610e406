using System.Text.Json;
using System.Text.RegularExpressions;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Languages;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Diagnosis;

/// <summary>Each mistake that has a code is made at a real server, and its owners are told which it was; whoever made it is not.</summary>
public sealed partial class EveryMistakeTests(Stage stage) : IClassFixture<Stage>
{
    private static readonly Dictionary<string, Func<Stage, Task<Provoked>>> Ways =
        new[] { ClientMistakes.All, AuthorizationMistakes.All, TokenMistakes.All }.SelectMany(group => group).ToDictionary();

    private static readonly Dictionary<string, string> Sections = Heading().Split(File.ReadAllText(Path.Combine(Repository.Root, "docs", "errors.md"))).Skip(1)
        .Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);

    public static TheoryData<string> Codes => [.. FailureCatalogue.All.Select(code => code.Name)];

    [Theory]
    [MemberData(nameof(Codes))]
    public Task A_mistake_is_told_to_the_owners_and_to_nobody_else(string code) => ShouldTellOwnersAloneAsync(stage, code);

    [Fact]
    public async Task On_PostgreSQL_each_mistake_is_told_as_on_SQLite()
    {
        await using var other = new Stage { PostgreSql = true };
        await other.InitializeAsync();
        foreach (var code in FailureCatalogue.All)
        {
            await ShouldTellOwnersAloneAsync(other, code.Name);
        }
    }

    [Fact]
    public async Task A_wrong_secret_is_answered_in_one_way_whatever_is_wrong_with_it()
    {
        string[] codes =
        [
            FailureCodes.SecretWrong, FailureCodes.SecretExpired, FailureCodes.SecretRetired, FailureCodes.SecretOfAnotherClient, FailureCodes.SecretWithWhitespace,
            FailureCodes.SecretInQuotes, FailureCodes.SecretPercentEncoded, FailureCodes.SecretNotPercentEncoded, FailureCodes.SecretPlusBecameBlank,
            FailureCodes.SecretIsWholePair, FailureCodes.SecretIsItsHash,
        ];
        var answers = new HashSet<string>();
        foreach (var code in codes)
        {
            answers.Add((await Ways[code](stage)).Body);
        }

        answers.ShouldHaveSingleItem().ShouldContain("invalid_client");
    }

    [Fact]
    public async Task A_guessers_luck_is_told_to_nobody_when_the_secret_is_one_that_can_be_guessed()
    {
        var id = $"client-{Guid.NewGuid():N}";
        await stage.World.RegisterAsync($$"""
            {"client_id":"{{id}}","client_secret":"summer","redirect_uris":["{{RelyingParty.RedirectUri}}"],"token_endpoint_auth_method":"client_secret_post"}
            """);

        await stage.TokenAsync(id, new() { ["client_id"] = id, ["client_secret"] = " summer " });

        (await stage.NewestAsync(id, FailureCodes.SecretWrong)).ShouldNotBeNull().Code.ShouldBe(FailureCodes.SecretWrong);
    }

    [Fact]
    public async Task A_secret_of_a_client_that_not_all_owners_own_is_simply_wrong()
    {
        var (client, other) = (await stage.World.AddClientAsync("client_secret_post"), await stage.World.AddClientAsync());
        var owner = await ClientMistakes.SomebodyAsync(stage);
        await stage.OwnAsync(owner, client.Id, other.Id);
        await stage.OwnAsync(await ClientMistakes.SomebodyAsync(stage), client.Id);

        await stage.TokenAsync(client.Id, new() { ["client_id"] = client.Id, ["client_secret"] = other.Secret! });

        (await stage.NewestAsync(client.Id, FailureCodes.SecretWrong)).ShouldNotBeNull().Code.ShouldBe(FailureCodes.SecretWrong);
    }

    [Fact]
    public async Task A_person_who_says_no_is_no_mistake_of_the_client()
    {
        var client = await stage.World.AddThirdPartyClientAsync();
        var browser = stage.World.OpenBrowser();
        var consent = await browser.SignInAsync(client.Start(), await stage.World.AddUserAsync());
        var back = await browser.FollowAsync(await browser.SubmitAsync(consent, new Dictionary<string, string> { ["Answer"] = "deny" }, null));
        back.Parameter("error").ShouldBe("access_denied");
        (await browser.FollowAsync(await stage.World.OpenBrowser().GetAsync(client.Start(("prompt", "none"))))).Parameter("error").ShouldNotBeNull();

        await stage.World.Server.StopWritingAsync();
        (await stage.FailuresAsync(client.Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_client_id_that_is_like_two_or_like_none_leaves_no_entry()
    {
        var (one, two) = ($"twin-{Guid.NewGuid():N}", "");
        two = one[..^1] + (one[^1] == 'x' ? 'y' : 'x');
        foreach (var id in new[] { one, two })
        {
            await stage.World.RegisterAsync($$"""{"client_id":"{{id}}","redirect_uris":["{{RelyingParty.RedirectUri}}"],"token_endpoint_auth_method":"none"}""");
        }

        await stage.AuthorizeAsync(one, $"/connect/authorize?client_id={one[..^1]}z&redirect_uri={Uri.EscapeDataString(RelyingParty.RedirectUri)}");
        await stage.AuthorizeAsync(one, $"/connect/authorize?client_id=nobody-at-all&redirect_uri={Uri.EscapeDataString(RelyingParty.RedirectUri)}");

        await stage.World.Server.StopWritingAsync();
        (await stage.FailuresAsync(one)).ShouldBeEmpty();
        (await stage.FailuresAsync(two)).ShouldBeEmpty();
    }

    [Fact]
    public void Each_code_has_a_section_and_each_section_a_code() =>
        Sections.Keys.ShouldBe(FailureCatalogue.All.Select(code => code.Name));

    [Fact]
    public void Each_code_has_its_sentences_and_they_name_its_facts_alone()
    {
        var texts = Words.In("en").Texts;
        foreach (var code in FailureCatalogue.All)
        {
            foreach (var key in new[] { $"failure.{code.Name}", $"failure.{code.Name}.mend" })
            {
                Text.Placeholders(texts[key].Forms[PluralForm.Other]).ShouldBeSubsetOf(code.Details, key);
            }
        }

        foreach (var kind in RedirectUriDifferenceKinds.All.Concat(ClientIdDifference.All))
        {
            texts.Keys.ShouldContain($"failure.difference.{kind}");
        }
    }

    [Fact]
    public void A_code_that_a_newer_version_wrote_is_named_and_no_more()
    {
        var words = new FailureWords(Words.In("en"), "from_the_future", new Dictionary<string, string> { ["secret"] = "x" });

        words.Sentence.ShouldContain("from_the_future");
        words.Mend.ShouldNotBeNullOrWhiteSpace();
    }

    private static async Task ShouldTellOwnersAloneAsync(Stage stage, string code)
    {
        Ways.ShouldContainKey(code, "no test makes this mistake");

        var provoked = await Ways[code](stage);

        var failure = (await stage.NewestAsync(provoked.ClientId, code)).ShouldNotBeNull(provoked.Wire);
        failure.Code.ShouldBe(code);
        var details = JsonSerializer.Deserialize<Dictionary<string, string>>(failure.Details)!;
        details.Keys.ShouldBe(FailureCatalogue.Find(code)!.Details, ignoreOrder: true);
        foreach (var (name, value) in provoked.Details)
        {
            (value == "*" ? details[name].Length > 0 : details[name] == value).ShouldBeTrue($"{name} is {details[name]}, not {value}.");
        }

        var words = new FailureWords(Words.In("en"), code, details);
        words.Sentence.ShouldNotContain("{");
        words.Mend.ShouldNotBeNullOrWhiteSpace();
        Sections[code].ShouldContain(provoked.Wire, customMessage: "what the document says is on the wire");
        provoked.Body.ShouldNotContain(code);
        ShouldTellNothing(provoked, failure.Id, words);
    }

    // The person sees the reference, by which the owners find the entry; a program not even that.
    private static void ShouldTellNothing(Provoked provoked, string reference, FailureWords words)
    {
        provoked.Body.ShouldNotContain(words.Sentence);
        provoked.Body.ShouldNotContain(words.Mend);
        if (provoked.Page is { } page)
        {
            page.Document.QuerySelector(".reference code")!.TextContent.ShouldBe(reference);
            var said = page.Document.QuerySelector("main")!.TextContent.Replace(reference, "", StringComparison.Ordinal); // whose digits may be anything
            foreach (var (_, value) in provoked.Details.Where(detail => detail.Value != "*"))
            {
                said.ShouldNotContain(value);
            }
        }
        else
        {
            provoked.Body.ShouldNotContain(reference);
        }
    }

    [GeneratedRegex("^### ([a-z_0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
