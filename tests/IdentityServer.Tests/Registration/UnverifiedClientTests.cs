using System.Net;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Registration;

/// <summary>Threat 27: a client that registered itself is a stranger, whatever it calls itself.</summary>
public sealed class UnverifiedClientTests
{
    private const string Bank =
        """{"client_name":"Your Bank","logo_uri":"https://app.example.com/bank.png","client_uri":"https://app.example.com/","scope":"openid email","redirect_uris":["https://app.example.com/callback"]}""";

    private static readonly (string, string?)[] Scope = [("scope", "openid email")];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Threat_27_People_are_asked_and_warned_and_see_no_logo()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var email = await stage.World.AddUserAsync();
        var client = stage.PartyOf(await stage.RegisterAsync(Bank));

        var question = await stage.World.OpenBrowser().SignInAsync(client.Start(Scope), email);

        question.Status.ShouldBe(HttpStatusCode.OK);
        question.Document.QuerySelector("h1")!.TextContent.ShouldContain("Your Bank");
        question.Document.QuerySelector(".notice.warning").ShouldNotBeNull();
        question.Document.QuerySelector(".notice.success").ShouldBeNull();
        question.Body.ShouldNotContain("bank.png");
    }

    [Theory]
    [InlineData("first_party")]
    [InlineData("verified")]
    public async Task A_change_makes_it_no_friend_of_the_house(string member)
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var email = await stage.World.AddUserAsync();
        var registered = await stage.RegisterAsync(Bank);

        var changed = await stage.ChangeAsync(registered, $$"""{"{{member}}":true,{{Bank[1..]}}""");

        (changed.Status, changed.Fields.ShouldHaveSingleItem()).ShouldBe((HttpStatusCode.BadRequest, member));
        var read = await stage.ReadAsync(registered);
        (read.Flag("first_party"), read.Flag("verified")).ShouldBe((false, false));
        (await stage.World.OpenBrowser().SignInAsync(stage.PartyOf(registered).Start(Scope), email)).Document.QuerySelector(".notice.warning").ShouldNotBeNull();
    }

    [Fact]
    public async Task What_the_operator_vouched_for_lasts_until_the_name_or_the_place_is_another()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var registered = await stage.RegisterAsync(Bank);
        await VouchAsync(stage, registered.ClientId);

        var same = await stage.ChangeAsync(registered, $$"""{"contacts":["ada@example.com"],"verified":true,{{Bank[1..]}}""");
        var silent = await stage.ChangeAsync(registered, Bank);
        var unseen = await stage.ChangeAsync(registered, Bank.Replace("bank.png", "other.png", StringComparison.Ordinal));
        var denied = await stage.ChangeAsync(registered, $$"""{"verified":false,{{Bank[1..]}}""");
        var renamed = await stage.ChangeAsync(registered, Bank.Replace("Your Bank", "Other Bank", StringComparison.Ordinal));

        (same.Flag("verified"), same.Flag("first_party")).ShouldBe((true, true));
        (silent.Flag("verified"), silent.Flag("first_party")).ShouldBe((true, true));
        (unseen.Flag("verified"), unseen.Flag("first_party")).ShouldBe((true, true), "people see what was taken from there, and not what is there");
        denied.Fields.ShouldBe(["verified"]);
        (renamed.Flag("verified"), renamed.Flag("first_party")).ShouldBe((false, false));
        (await stage.ChangeAsync(registered, Bank)).Flag("verified").ShouldBeFalse("nor does it come back with the name");
    }

    [Fact]
    public async Task Another_redirect_URI_is_another_place()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var registered = await stage.RegisterAsync(Bank);
        await VouchAsync(stage, registered.ClientId);

        var moved = await stage.ChangeAsync(registered, Bank.Replace("/callback", "/elsewhere", StringComparison.Ordinal));

        (moved.Flag("verified"), moved.Flag("first_party")).ShouldBe((false, false));
    }

    [Fact]
    public async Task Where_people_are_sent_after_they_signed_out_is_a_place_too()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var registered = await stage.RegisterAsync(Bank);
        await VouchAsync(stage, registered.ClientId);

        var led = await stage.ChangeAsync(registered, $$"""{"post_logout_redirect_uris":["https://elsewhere.example.net/"],{{Bank[1..]}}""");

        (led.Flag("verified"), led.Flag("first_party")).ShouldBe((false, false));
    }

    private static Task<UpdateOutcome> VouchAsync(RegistrationStage stage, string clientId) => stage.World.Server.InScopeAsync(async services =>
    {
        var registry = services.GetRequiredService<ClientRegistry>();
        var outcome = await registry.UpdateAsync((await registry.ReadAsync(clientId, Cancel))! with { Verified = true, FirstParty = true }, Cancel);
        outcome.ShouldBeOfType<UpdateOutcome.Updated>();
        return outcome;
    });
}
