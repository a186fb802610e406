using IdentityServer.Domain.Resources;

namespace IdentityServer.Domain.Tests.Resources;

/// <summary>RFC 8707 and RFC 9068 §3: whom a grant and a token are for.</summary>
public sealed class ResourceTargetsTests
{
    private const string Issuer = "https://id.example.com/";
    private const string Notes = "https://notes.example.com";
    private const string Mail = "https://mail.example.com";

    private static readonly ResourceDirectory Directory = new(
    [
        new() { Resource = Notes, Name = "Notes", Scopes = [new("notes.read", "R"), new("notes.write", "W")], AccessTokenLifetime = 60, AccessTokenSigningAlg = "RS256" },
        new() { Resource = Mail, Name = "Mail", Scopes = [new("mail.read", "R")], AccessTokenLifetime = 120, AccessTokenSigningAlg = "ES256" },
        new() { Resource = "https://old.example.com", Name = "Old", Scopes = [new("old.read", "R")] },
    ]);

    [Theory]
    [InlineData("openid profile", "", "")]
    [InlineData("openid notes.read", "", Notes)]
    [InlineData("notes.read notes.write", Notes, Notes)]
    [InlineData("openid notes.read", Notes, Notes)]
    [InlineData("openid notes.read", Issuer + " " + Notes, Notes)]
    [InlineData("openid", Issuer, "")]
    [InlineData("notes.read mail.read", Notes + " " + Mail, Notes + " " + Mail)]
    [InlineData("notes.read", Notes + " " + Notes, Notes)]
    public void A_grant_covers_the_resources_of_its_scopes(string scopes, string named, string covered) =>
        ResourceTargets.Grant(Directory, Issuer, Split(scopes), Split(named)).ShouldBeOfType<TargetVerdict.Granted>().Resources.ShouldBe(Split(covered));

    [Theory]
    [InlineData("openid notes.read", "https://unknown.example.com")]
    [InlineData("openid notes.read", Notes + "/")]
    [InlineData("openid notes.read", Notes + "#part")]
    [InlineData("openid notes.read", "notes")]
    [InlineData("openid notes.read", Notes + " https://unknown.example.com")]
    [InlineData("openid", Notes)]
    [InlineData("notes.read", Notes + " " + Mail)]
    [InlineData("notes.read", Issuer + " " + Notes)]
    public void A_resource_that_is_unknown_or_of_which_nothing_is_asked_for_is_no_target(string scopes, string named) =>
        ResourceTargets.Grant(Directory, Issuer, Split(scopes), Split(named)).ShouldBeOfType<TargetVerdict.InvalidTarget>();

    [Theory]
    [InlineData("notes.read mail.read", "")]
    [InlineData("notes.read mail.read", Notes)]
    [InlineData("openid mail.read", Issuer)]
    public void Scopes_of_resources_that_are_not_named_are_refused_when_it_is_not_plain_whose_they_are(string scopes, string named) =>
        ResourceTargets.Grant(Directory, Issuer, Split(scopes), Split(named)).ShouldBeOfType<TargetVerdict.InvalidScope>();

    [Theory]
    [InlineData("openid profile", "", "", Issuer, "openid profile")]
    [InlineData("profile", "", "", Issuer, "profile")]
    [InlineData("openid notes.read", "", "", Notes + " " + Issuer, "openid notes.read")]
    [InlineData("notes.read", "", "", Notes, "notes.read")]
    [InlineData("openid notes.read", Notes, "", Notes, "notes.read")]
    [InlineData("openid notes.read", Issuer, "", Issuer, "openid")]
    [InlineData("openid notes.read mail.read", Mail, "", Mail, "mail.read")]
    [InlineData("openid notes.read mail.read", "", "openid notes.read", Notes + " " + Issuer, "openid notes.read")]
    [InlineData("openid notes.read", "", "openid", Issuer, "openid")]
    [InlineData("openid notes.read notes.write", Notes, "notes.read", Notes, "notes.read")]
    public void A_token_is_for_what_its_request_names_of_the_grant(string granted, string named, string asked, string audiences, string scopes)
    {
        var target = Narrow(granted, named, asked).ShouldBeOfType<TargetVerdict.Narrowed>().Target;

        target.Audiences.ShouldBe(Split(audiences));
        target.Scopes.ShouldBe(Split(scopes));
    }

    [Theory]
    [InlineData("openid notes.read", Mail, "")]
    [InlineData("openid notes.read", Notes + " " + Mail, "")]
    [InlineData("notes.read", Issuer, "")]
    [InlineData("openid notes.read", Issuer, "notes.read")]
    [InlineData("notes.read mail.read", "", "")]
    [InlineData("notes.read mail.read", Notes + " " + Mail, "")] // they want different signatures
    [InlineData("openid", "https://unknown.example.com", "")]
    public void A_token_is_never_for_more_than_the_grant_nor_for_several_by_accident(string granted, string named, string asked) =>
        Narrow(granted, named, asked).ShouldBeOfType<TargetVerdict.InvalidTarget>();

    [Fact]
    public void A_token_has_the_shortest_life_and_the_signature_of_its_resources()
    {
        var notes = Narrow("openid notes.read", "", "").ShouldBeOfType<TargetVerdict.Narrowed>().Target;
        (notes.Lifetime, notes.Algorithm).ShouldBe((TimeSpan.FromSeconds(60), "RS256"));
        var both = Narrow("notes.read old.read", Notes + " https://old.example.com", "").ShouldBeOfType<TargetVerdict.Narrowed>().Target;
        (both.Lifetime, both.Algorithm).ShouldBe((TimeSpan.FromSeconds(60), "RS256"));
        var own = Narrow("openid notes.read", Issuer, "").ShouldBeOfType<TargetVerdict.Narrowed>().Target;
        (own.Lifetime, own.Algorithm).ShouldBe((null, null));
    }

    [Fact]
    public void A_resource_that_is_gone_or_lost_a_scope_takes_them_out_of_what_was_granted()
    {
        const string Gone = "https://gone.example.com";
        ResourceTargets.Narrow(Directory, Issuer, ["gone.read"], [Gone], [], []).ShouldBeOfType<TargetVerdict.InvalidTarget>();
        ResourceTargets.Narrow(Directory, Issuer, ["openid", "gone.read"], [Gone], [Gone], []).ShouldBeOfType<TargetVerdict.InvalidTarget>();
        var rest = ResourceTargets.Narrow(Directory, Issuer, ["openid", "gone.read"], [Gone], [], []).ShouldBeOfType<TargetVerdict.Narrowed>().Target;
        rest.Audiences.ShouldBe([Issuer]);
        rest.Scopes.ShouldBe(["openid"]);
    }

    [Fact]
    public void A_scope_that_moved_to_a_resource_outside_the_grant_gives_no_token_for_it()
    {
        var target = ResourceTargets.Narrow(Directory, Issuer, ["openid", "mail.read"], [Notes], [], []).ShouldBeOfType<TargetVerdict.Narrowed>().Target;

        target.Audiences.ShouldBe([Issuer]);
        target.Scopes.ShouldBe(["openid"]);
    }

    private static TargetVerdict Narrow(string granted, string named, string asked)
    {
        string[] scopes = Split(granted);
        string[] resources = [.. scopes.Select(Directory.OfScope).OfType<ResourceMetadata>().Select(resource => resource.Resource).Distinct()];
        return ResourceTargets.Narrow(Directory, Issuer, scopes, resources, Split(named), Split(asked));
    }

    private static string[] Split(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
