using System.Text.Json;
using IdentityServer.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.Tests.Diagnostics;

public sealed class ClientTrailTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    private readonly DefaultHttpContext _request = new() { Request = { Path = "/connect/authorize" } };

    private ClientTrail Trail => ClientTrail.Of(_request);

    [Fact]
    public void A_request_has_one_trail() => ClientTrail.Of(_request).ShouldBeSameAs(Trail);

    [Fact]
    public void The_reference_is_twelve_lower_case_hexadecimal_characters_and_stays()
    {
        Trail.Reference.ShouldMatch("^[0-9a-f]{12}$");
        Trail.Reference.ShouldBe(Trail.Reference);
        ClientTrail.Of(new DefaultHttpContext()).Reference.ShouldNotBe(Trail.Reference);
    }

    [Fact]
    public void The_first_failure_wins()
    {
        Trail.Concerns("row");
        Trail.Fail("first", ("asked", "one"));
        Trail.Fail("second", ("asked", "two"));

        var failure = Trail.Failure(Now)!;
        (failure.Id, failure.ClientRowId, failure.At, failure.Code).ShouldBe((Trail.Reference, "row", Now, "first"));
        Details(failure.Details).ShouldBe(new Dictionary<string, string> { ["asked"] = "one" });
    }

    [Fact]
    public void The_endpoint_is_the_one_that_failed_not_the_error_page()
    {
        Trail.Concerns("row");
        Trail.Fail("code");
        _request.Request.Path = "/error";

        Trail.Failure(Now)!.Endpoint.ShouldBe("/connect/authorize");
    }

    [Fact]
    public void A_failure_of_no_client_is_no_row()
    {
        Trail.Fail("code");

        Trail.Failure(Now).ShouldBeNull();
    }

    [Theory]
    [InlineData("a\u0000b\r\nc", "a\\u0000b\\u000d\\u000ac")]
    [InlineData("a\u202eb\u200bc\u2028d", "a\\u202eb\\u200bc\\u2028d")]
    [InlineData("naïve 😀 \"quoted\"", "naïve 😀 \"quoted\"")]
    public void Characters_that_nobody_would_see_are_written_out(string value, string shown)
    {
        Trail.Concerns("row");
        Trail.Fail("code", ("value", value));

        Details(Trail.Failure(Now)!.Details)["value"].ShouldBe(shown);
    }

    [Fact]
    public void Half_a_character_becomes_the_sign_for_one_that_cannot_be_read()
    {
        Trail.Concerns("row");
        Trail.Fail("code", ("value", "torn \ud83d pair"));

        Details(Trail.Failure(Now)!.Details)["value"].ShouldBe("torn \ufffd pair");
    }

    [Theory]
    [InlineData(ClientTrail.LongestDetail, false)]
    [InlineData(ClientTrail.LongestDetail + 1, true)]
    [InlineData(100_000, true)]
    public void A_long_detail_is_cut(int length, bool cut)
    {
        Trail.Concerns("row");
        Trail.Fail("code", ("value", new string('x', length)));

        var value = Details(Trail.Failure(Now)!.Details)["value"];
        value.Length.ShouldBe(ClientTrail.LongestDetail);
        value.EndsWith('…').ShouldBe(cut);
    }

    [Fact]
    public void A_cut_tears_no_character_in_two()
    {
        Trail.Concerns("row");
        Trail.Fail("code", ("value", string.Concat(Enumerable.Repeat("😀", 200))));

        var value = Details(Trail.Failure(Now)!.Details)["value"];
        value.Length.ShouldBeLessThanOrEqualTo(ClientTrail.LongestDetail);
        value.ShouldNotContain('\ufffd');
        value.ShouldEndWith("😀…");
    }

    private static Dictionary<string, string> Details(string json) => JsonSerializer.Deserialize<Dictionary<string, string>>(json)!;
}
