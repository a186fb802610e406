using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Protocol.Clients;

/// <summary>Clients that see subjects of their own (OpenID Connect Core §8.1).</summary>
public sealed class PairwiseSubjectTests
{
    private const string Pairwise = "\"subject_type\":\"pairwise\"";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task R4_A_pairwise_subject_is_the_same_wherever_a_client_sees_it_and_never_the_accounts_own(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var client = await world.AddClientAsync(extra: Pairwise);
        var email = await world.AddUserAsync();
        var own = await world.ReadAsync(db => db.Users.Where(user => user.Email == email).Select(user => user.Id).SingleAsync(TestContext.Current.CancellationToken));

        var tokens = await client.SignInAsync(email);
        var subject = tokens.IdTokenClaims.GetProperty("sub").GetString()!;
        var refreshed = await client.RefreshAsync(tokens.RefreshToken!);

        subject.Length.ShouldBe(43);
        TokenAnswer.Claims(tokens.AccessToken!).GetProperty("sub").GetString().ShouldBe(subject);
        (await client.UserInfoAsync(tokens.AccessToken!)).Json.GetProperty("sub").GetString().ShouldBe(subject);
        (await client.UserInfoAsync(tokens.AccessToken!)).Json.GetProperty("name").GetString().ShouldBe("Ada Lovelace");
        refreshed.IdTokenClaims.GetProperty("sub").GetString().ShouldBe(subject);
        var introspected = await client.PostAsync("/connect/introspect", new() { ["token"] = refreshed.AccessToken! });
        introspected.Json.GetProperty("sub").GetString().ShouldBe(subject);
        foreach (var text in new[] { tokens.Json.ToString(), TokenAnswer.Claims(tokens.AccessToken!).ToString(), tokens.IdTokenClaims.ToString(), introspected.Json.ToString() })
        {
            text.ShouldNotContain(own.ToString("D"));
            text.ShouldNotContain(own.ToString("N"));
        }
    }

    [Fact]
    public async Task R4_Clients_of_one_sector_see_the_same_subject_and_those_of_others_another()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var one = await world.AddClientAsync(extra: Pairwise);
        var same = await world.AddClientAsync(extra: Pairwise);
        var other = await world.AddClientAsync("client_secret_basic", Pairwise, redirectUris: ["https://elsewhere.example/cb"]);
        var plain = await world.AddClientAsync();

        var subject = (await one.SignInAsync(email)).IdTokenClaims.GetProperty("sub").GetString();
        var there = await world.OpenBrowser().SignInAsync(other.Start(("redirect_uri", "https://elsewhere.example/cb")), email);
        var elsewhere = (await other.ExchangeAsync(there.Parameter("code")!, ("redirect_uri", "https://elsewhere.example/cb"))).IdTokenClaims.GetProperty("sub").GetString();

        (await same.SignInAsync(email)).IdTokenClaims.GetProperty("sub").GetString().ShouldBe(subject);
        elsewhere.ShouldNotBe(subject);
        (await plain.SignInAsync(email)).IdTokenClaims.GetProperty("sub").GetString().ShouldNotBe(subject);
        (await one.SignInAsync(await world.AddUserAsync())).IdTokenClaims.GetProperty("sub").GetString().ShouldNotBe(subject);
    }

    [Fact]
    public async Task A11_A_hint_with_a_pairwise_subject_names_its_person()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync(extra: Pairwise);
        var browser = world.OpenBrowser();
        var back = await browser.SignInAsync(client.Start(), await world.AddUserAsync());
        var tokens = await client.ExchangeAsync(back.Parameter("code")!);
        var stranger = await client.SignInAsync(await world.AddUserAsync());

        var silent = await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"), ("id_token_hint", tokens.IdToken))));
        var wrong = await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"), ("id_token_hint", stranger.IdToken))));

        silent.Parameter("code").ShouldNotBeNull(silent.Location?.ToString());
        wrong.Parameter("error").ShouldBe("login_required");
    }

    [Fact]
    public async Task R4_A_client_cannot_find_out_whose_public_subject_it_is_by_asking_for_it()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync(extra: Pairwise);
        var plain = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var back = await browser.SignInAsync(plain.Start(), await world.AddUserAsync());
        var tokens = await plain.ExchangeAsync(back.Parameter("code")!);
        var own = tokens.IdTokenClaims.GetProperty("sub").GetString()!;
        var claims = $$$$"""{"id_token":{"sub":{"value":"{{{{own}}}}"}}}""";

        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"), ("claims", claims))))).Parameter("error").ShouldBe("login_required");
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"), ("id_token_hint", tokens.IdToken))))).Parameter("code").ShouldBeNull();
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("code").ShouldNotBeNull();
    }

    [Fact]
    public async Task L1_A_hint_with_a_pairwise_subject_signs_out()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync(extra: Pairwise);
        var browser = world.OpenBrowser();
        var back = await browser.SignInAsync(client.Start(), await world.AddUserAsync());
        var tokens = await client.ExchangeAsync(back.Parameter("code")!);

        var bye = await browser.FollowAsync(await browser.GetAsync(
            $"/connect/endsession?id_token_hint={tokens.IdToken}&state=s&post_logout_redirect_uri={Uri.EscapeDataString("https://app.example.com/bye")}"));

        bye.Location!.ToString().ShouldBe("https://app.example.com/bye?state=s");
        (await client.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(System.Net.HttpStatusCode.Unauthorized);
    }
}
