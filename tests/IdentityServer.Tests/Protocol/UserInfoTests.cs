using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using IdentityServer.Domain.Users;
using IdentityServer.Tests.Support;
using IdentityServer.Users;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Protocol;

/// <summary>OpenID Connect Core §5.3: what an access token shows of a person, and to whom it shows nothing.</summary>
public sealed class UserInfoTests
{
    private const string Everything =
        """
        {"name":"Ada Lovelace","given_name":"Ada","family_name":"Lovelace","middle_name":"Byron","nickname":"Ada","preferred_username":"ada",
         "profile":"https://ada.example.com/","picture":"https://ada.example.com/me.png","website":"https://ada.example.com/","gender":"female",
         "birthdate":"1815-12-10","zoneinfo":"Europe/London","locale":"en-GB","phone_number":"+44 20 7946 0123","phone_number_verified":false,
         "address":{"street_address":"12 St James's Square","locality":"London","country":"United Kingdom"}}
        """;

    private static readonly string[] _profile =
        ["name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "gender", "birthdate",
         "zoneinfo", "locale", "updated_at"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task U1_Header_and_body_GET_and_POST_give_the_same()
    {
        await using var world = await World.StartAsync();
        var tokens = await TokensAsync(world, "openid profile email address phone", await AddAsync(world, Everything));
        using var http = world.Server.CreateClient(cookies: false);

        var (got, posted, inBody) = (Request(HttpMethod.Get), Request(HttpMethod.Post), Request(HttpMethod.Post));
        got.Headers.Authorization = posted.Headers.Authorization = new AuthenticationHeaderValue("Bearer", tokens.AccessToken);
        inBody.Content = new FormUrlEncodedContent(new Dictionary<string, string> { ["access_token"] = tokens.AccessToken! });

        var answers = new List<string>();
        foreach (var request in new[] { got, posted, inBody })
        {
            using var answer = await http.SendAsync(request, Cancel);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
            answers.Add(await answer.Content.ReadAsStringAsync(Cancel));
        }

        answers.Distinct().ShouldHaveSingleItem();
        JsonDocument.Parse(answers[0]).RootElement.GetProperty("sub").GetString().ShouldBe(tokens.IdTokenClaims.GetProperty("sub").GetString());
    }

    [Fact]
    public async Task U2_Everything_that_is_held_is_shown_in_the_form_that_the_standard_gives_it()
    {
        await using var world = await World.StartAsync();
        var email = await AddAsync(world, Everything);
        var tokens = await TokensAsync(world, "openid profile email address phone", email);

        var shown = (await UserInfoAsync(world, tokens.AccessToken!)).Json;

        shown.EnumerateObject().Select(claim => claim.Name).ShouldBe(
            ["sub", .. _profile, "email", "email_verified", "phone_number", "phone_number_verified", "address"], ignoreOrder: true);
        foreach (var claim in JsonDocument.Parse(Everything).RootElement.EnumerateObject())
        {
            JsonElement.DeepEquals(shown.GetProperty(claim.Name), claim.Value).ShouldBeTrue(claim.Name);
        }

        shown.GetProperty("email").GetString().ShouldBe(email);
        shown.GetProperty("email_verified").ValueKind.ShouldBe(JsonValueKind.True);
        shown.GetProperty("phone_number_verified").ValueKind.ShouldBe(JsonValueKind.False);
        shown.GetProperty("address").ValueKind.ShouldBe(JsonValueKind.Object);
        shown.GetProperty("updated_at").ValueKind.ShouldBe(JsonValueKind.Number);
    }

    [Theory]
    [InlineData("openid")]
    [InlineData("openid profile")]
    [InlineData("openid email")]
    [InlineData("openid phone")]
    [InlineData("openid address")]
    public async Task U3_What_was_granted_is_shown_and_nothing_else(string scope)
    {
        await using var world = await World.StartAsync();
        var tokens = await TokensAsync(world, scope, await AddAsync(world, Everything));

        var shown = (await UserInfoAsync(world, tokens.AccessToken!)).Json;

        string[] granted = scope switch
        {
            "openid profile" => _profile,
            "openid email" => ["email", "email_verified"],
            "openid phone" => ["phone_number", "phone_number_verified"],
            "openid address" => ["address"],
            _ => [],
        };
        shown.EnumerateObject().Select(claim => claim.Name).ShouldBe(["sub", .. granted], ignoreOrder: true);
    }

    [Fact]
    public async Task U4_What_is_not_held_is_left_out()
    {
        await using var world = await World.StartAsync();
        var tokens = await TokensAsync(world, "openid profile email address phone", await AddAsync(world, "{}"));

        var shown = (await UserInfoAsync(world, tokens.AccessToken!)).Json;

        shown.EnumerateObject().Select(claim => claim.Name).ShouldBe(["sub", "updated_at", "email", "email_verified"], ignoreOrder: true);
    }

    [Fact]
    public async Task U5_A_token_that_is_revoked_expired_or_none_is_refused_with_a_challenge()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var (revoked, expired, open) = (await client.SignInAsync(email), await client.SignInAsync(email), await client.SignInAsync(email));
        (await client.PostAsync("/connect/revoke", new() { ["token"] = revoked.AccessToken! })).Status.ShouldBe(HttpStatusCode.OK);

        await ShouldBeRefusedAsync(world, revoked.AccessToken!);
        await ShouldBeRefusedAsync(world, "nonsense");
        (await UserInfoAsync(world, open.AccessToken!)).Status.ShouldBe(HttpStatusCode.OK, "only what was revoked is dead");
        await world.AdvanceAsync(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(1));
        await ShouldBeRefusedAsync(world, expired.AccessToken!);
    }

    [Fact]
    public async Task Without_a_token_it_says_what_it_wants()
    {
        await using var world = await World.StartAsync();
        using var http = world.Server.CreateClient(cookies: false);

        using var answer = await http.GetAsync("/connect/userinfo", Cancel);

        answer.StatusCode.ShouldBeOneOf(HttpStatusCode.BadRequest, HttpStatusCode.Unauthorized);
        answer.Headers.WwwAuthenticate.ShouldContain(challenge => challenge.Scheme == "Bearer");
    }

    private static async Task ShouldBeRefusedAsync(World world, string accessToken)
    {
        using var http = world.Server.CreateClient(cookies: false);
        using var request = Request(HttpMethod.Get);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);

        using var answer = await http.SendAsync(request, Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        var challenge = answer.Headers.WwwAuthenticate.ShouldHaveSingleItem();
        challenge.Scheme.ShouldBe("Bearer");
        challenge.Parameter!.ShouldContain("error=\"invalid_token\"");
    }

    private static HttpRequestMessage Request(HttpMethod method) => new(method, "/connect/userinfo");

    private static async Task<TokenAnswer> UserInfoAsync(World world, string accessToken) =>
        await (await world.AddClientAsync()).UserInfoAsync(accessToken);

    private static async Task<TokenAnswer> TokensAsync(World world, string scope, string email)
    {
        var client = await world.AddClientAsync();
        var back = await world.OpenBrowser().SignInAsync(client.Start(("scope", scope)), email);
        return await client.ExchangeAsync(back.Parameter("code")!);
    }

    private static async Task<string> AddAsync(World world, string claims)
    {
        var address = $"user-{Guid.NewGuid():N}@example.com";
        await world.Server.InScopeAsync(async services =>
        {
            EmailAddress.TryParse(address, out var parsed).ShouldBeTrue();
            StandardClaims.TryParse(
                JsonDocument.Parse(claims).RootElement.EnumerateObject().Select(claim => KeyValuePair.Create(claim.Name, claim.Value)),
                out var accepted, out var problems).ShouldBeTrue(string.Join(", ", problems));
            var hash = await services.GetRequiredService<IPasswordHasher>().HashAsync(World.Password, Cancel);
            return await services.GetRequiredService<UserDirectory>().CreateAsync(new(parsed!, hash, EmailVerified: true, accepted!), Cancel);
        });
        return address;
    }
}
