using CsCheck;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Domain.Tests.Clients;

public sealed class RedirectUriTests
{
    private const string Web = ClientApplicationTypes.Web;
    private const string Native = ClientApplicationTypes.Native;

    private static readonly Gen<string> Label = Gen.Char["abcdefghijklmnopqrstuvwxyz0123456789"].Array[1, 12].Select(letters => new string(letters));
    private static readonly Gen<string> HostName = Label.Array[1, 4].Select(labels => string.Join('.', labels) + ".example");
    private static readonly Gen<string> Path = Label.Array[0, 4].Select(segments => "/" + string.Join('/', segments));
    private static readonly Gen<string> HttpsUri = Gen.Select(HostName, Path, (host, path) => $"https://{host}{path}");

    [Theory]
    [InlineData("https://app.example.com")]
    [InlineData("https://app.example.com/")]
    [InlineData("https://app.example.com/callback?tenant=1&x=%20")]
    [InlineData("https://app.example.com:8443/callback")]
    [InlineData("https://xn--bcher-kva.example/callback")]
    [InlineData("https://192.0.2.7/callback")]
    [InlineData("https://[2001:db8::1]/callback")]
    [InlineData("http://localhost:5090/signin-oidc")]
    [InlineData("http://127.0.0.1/cb")]
    [InlineData("http://[::1]:4711/cb")]
    public void A_plain_web_address_is_taken_and_kept_as_written(string value)
    {
        RedirectUri.TryParse(value, Web, out var uri, out _).ShouldBeTrue();

        uri!.Value.ShouldBe(value);
        uri.Matches(value).ShouldBeTrue();
    }

    [Theory]
    [InlineData("com.example.app:/callback")]
    [InlineData("com.example.app://callback")]
    public void A_private_use_scheme_is_for_native_applications_only(string value)
    {
        RedirectUri.TryParse(value, Native, out _, out _).ShouldBeTrue();
        RedirectUri.TryParse(value, Web, out _, out var fault).ShouldBeFalse();
        fault!.Mend.ShouldContain("application_type native");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/callback")]
    [InlineData("//app.example.com/callback")]
    [InlineData("app.example.com/callback")]
    [InlineData(":/callback")]
    [InlineData("1https://app.example.com/")]
    [InlineData("https:app.example.com/callback")]
    [InlineData("https:/app.example.com/callback")]
    [InlineData("https:///callback")]
    [InlineData("https://")]
    [InlineData("https://:443/callback")]
    [InlineData("https://app.example.com:/callback")]
    [InlineData("https://app.example.com:0/callback")]
    [InlineData("https://app.example.com:65536/callback")]
    [InlineData("https://app.example.com:+443/callback")]
    [InlineData("https://app.example.com:0443/callback")]
    [InlineData("https://app.example.com/callback#")]
    [InlineData("https://app.example.com/callback#token")]
    [InlineData("https://*.example.com/callback")]
    [InlineData("https://app.example.com/*")]
    [InlineData("https://app.example.com@evil.example/callback")]
    [InlineData("https://app.example.com:pw@evil.example/callback")]
    [InlineData("https://@app.example.com/callback")]
    [InlineData("https://evil.example\\.app.example.com/callback")]
    [InlineData("https://evil.example\\@app.example.com/callback")]
    [InlineData("https:\\\\app.example.com/callback")]
    [InlineData(" https://app.example.com/callback")]
    [InlineData("https://app.example.com/callback ")]
    [InlineData("https://app.example.com/\tcallback")]
    [InlineData("https://app.example.com/\r\nSet-Cookie:x")]
    [InlineData("https://app.example.com/%0d%0aSet-Cookie:x")]
    [InlineData("https://app.example.com/%00")]
    [InlineData("https://app.example.com/%7F")]
    [InlineData("https://app.example.com/%zz")]
    [InlineData("https://app.example.com/%2")]
    [InlineData("https://app.example.com/<script>")]
    [InlineData("https://app.example.com/\"onload=")]
    [InlineData("https://bücher.example/callback")]
    [InlineData("https://аpp.example.com/callback")] // a Cyrillic a
    [InlineData("https://app。example.com/callback")] // an ideographic full stop, which browsers take for a dot
    [InlineData("https://app.example.com/\u202Ecallback")]
    [InlineData("https://app..example.com/callback")]
    [InlineData("https://.example.com/callback")]
    [InlineData("https://-app.example.com/callback")]
    [InlineData("https://app.example.com%2eevil.example/callback")]
    [InlineData("https://2130706433/callback")]
    [InlineData("https://0x7f.1/callback")]
    [InlineData("https://127.1/callback")]
    [InlineData("https://[::1/callback")]
    [InlineData("https://[0:0:0:0:0:0:0:1]/callback")]
    [InlineData("https://[fe80::1%25eth0]/callback")]
    [InlineData("https://app.example.com/a/../callback")]
    [InlineData("https://app.example.com/./callback")]
    [InlineData("https://app.example.com/%2e%2E/callback")]
    [InlineData("https://app.example.com/cb?iss=https%3A%2F%2Fother.example")]
    [InlineData("https://app.example.com/cb?a=1&code=stolen")]
    [InlineData("https://app.example.com/cb?%73tate=x")]
    [InlineData("https://app.example.com/cb?ERROR=x")]
    [InlineData("http://app.example.com/callback")]
    [InlineData("http://localhost.example.com/callback")]
    [InlineData("http://127.0.0.1.example.com/callback")]
    [InlineData("http://127.0.0.2/callback")]
    [InlineData("http://2130706433/callback")]
    [InlineData("http://[::ffff:127.0.0.1]/callback")]
    [InlineData("http://0.0.0.0/callback")]
    [InlineData("http://localhost@evil.example/callback")]
    [InlineData("http://localhost\\@evil.example/callback")]
    [InlineData("javascript:alert(1)//https://app.example.com/callback")]
    [InlineData("data:text/html,x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://app.example.com/")]
    [InlineData("urn:ietf:wg:oauth:2.0:oob")]
    [InlineData("myapp:/callback")]
    [InlineData("com.example.app:callback")]
    [InlineData("com..app:/callback")]
    [InlineData(".com.app:/callback")]
    [InlineData("com.example.app://user@callback/")]
    [InlineData("com.example.app:/a/../callback")]
    [InlineData("com.example.app://host:https:[127.0.0.1//callback")]
    [InlineData("com.example.app://host:65536/callback")]
    [InlineData("com.example.app://[127.0.0.1/callback")]
    public void What_two_readers_could_understand_differently_is_refused_for_every_client(string? value)
    {
        RedirectUri.TryParse(value, Web, out _, out var web).ShouldBeFalse();
        RedirectUri.TryParse(value, Native, out _, out var native).ShouldBeFalse();

        web!.Rule.ShouldNotBeEmpty();
        native!.Mend.ShouldNotBeEmpty();
    }

    [Fact]
    public void The_longest_address_has_two_thousand_characters()
    {
        const string Start = "https://app.example.com/";

        RedirectUri.TryParse(Start.PadRight(RedirectUri.MaxLength, 'a'), Web, out _, out _).ShouldBeTrue();
        RedirectUri.TryParse(Start.PadRight(RedirectUri.MaxLength + 1, 'a'), Web, out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void Whatever_is_taken_means_the_same_to_the_frameworks_parser()
    {
        // Pieces that parsers quarrel about, in any order.
        var piece = Gen.OneOf<string>(
            "https:", "http:", "HTTPS:", "//", "/", "\\", "@", ":", "#", "?", "&", "=", "*", "..", ".", "%2e", "%2F", "%5c", "%00", "%", "[", "]",
            "[::1]", "localhost", "127.0.0.1", "example.com", "evil.example", "443", "65536", "iss=x", "a", " ", "\t", "\u3002", "ａ", "xn--a");

        piece.Array[1, 10].Select(pieces => string.Concat(pieces)).Sample(
            text =>
            {
                if (!RedirectUri.TryParse(text, Native, out _, out _))
                {
                    return;
                }

                var parsed = new Uri(text, UriKind.Absolute);
                parsed.OriginalString.ShouldBe(text);
                parsed.UserInfo.ShouldBeEmpty();
                parsed.Fragment.ShouldBeEmpty();
                text.ShouldContain(parsed.Host, Case.Insensitive);
                (parsed.Scheme == "https" || (parsed.Scheme == "http" && parsed.IsLoopback) || parsed.Scheme.Contains('.')).ShouldBeTrue(text);
            },
            iter: 20_000);
    }

    [Fact]
    public void A_single_foreign_character_anywhere_spoils_a_good_address()
    {
        var foreign = Gen.OneOf(Gen.Char['\0', ' '], Gen.Char['\x7F', '\uFFFF'], Gen.Char["\\\"<>^`{|}#*"]);

        Gen.Select(HttpsUri, foreign, Gen.Int[0, 10_000]).Sample(
            (good, bad, position) => RedirectUri.TryParse(good.Insert(position % (good.Length + 1), bad.ToString()), Web, out _, out _).ShouldBeFalse(),
            iter: 5_000);
    }

    [Fact]
    public void Every_plain_https_address_matches_itself_and_nothing_that_differs_in_a_character()
    {
        Gen.Select(HttpsUri, Gen.Char[" /:?.@aA0%\\"], Gen.Int[0, 10_000]).Sample(
            (good, other, position) =>
            {
                RedirectUri.TryParse(good, Web, out var uri, out _).ShouldBeTrue();
                var changed = good.Remove(position % good.Length, 1).Insert(position % good.Length, other.ToString());

                uri!.Matches(good).ShouldBeTrue();
                uri.Matches(changed).ShouldBe(changed == good);
                uri.Matches(good + other).ShouldBeFalse();
            },
            iter: 5_000);
    }

    [Theory]
    [InlineData("http://127.0.0.1/cb?x=1", "http://127.0.0.1:4711/cb?x=1")]
    [InlineData("http://127.0.0.1:80/cb", "http://127.0.0.1/cb")]
    [InlineData("http://127.0.0.1:1234/cb", "http://127.0.0.1:65535/cb")]
    [InlineData("http://[::1]/cb", "http://[::1]:4711/cb")]
    [InlineData("http://localhost/cb", "http://localhost:4711/cb")]
    [InlineData("http://127.0.0.1", "http://127.0.0.1:4711")]
    public void A_native_application_may_listen_on_any_loopback_port(string registered, string presented)
    {
        RedirectUri.Restore(registered, Native).Matches(presented).ShouldBeTrue();
        RedirectUri.Restore(registered, Web).Matches(presented).ShouldBeFalse();
    }

    [Theory]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:4711/other")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:4711/cb?x=1")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:4711/cb#x")]
    [InlineData("http://127.0.0.1/cb", "http://localhost:4711/cb")]
    [InlineData("http://127.0.0.1/cb", "https://127.0.0.1:4711/cb")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:0/cb")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:4711.evil.example/cb")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:4711@evil.example/cb")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:/cb")]
    [InlineData("http://127.0.0.1", "http://127.0.0.1.evil.example")]
    [InlineData("http://127.0.0.1", "http://127.0.0.1@evil.example")]
    [InlineData("http://127.0.0.1", "http://127.0.0.1:80@evil.example")]
    [InlineData("https://app.example.com/cb", "https://app.example.com:8443/cb")]
    [InlineData("com.example.app:/cb", "com.example.app:4711/cb")]
    [InlineData("http://127.0.0.1/cb", null)]
    public void Nothing_but_the_port_of_a_loopback_address_may_vary(string registered, string? presented)
    {
        RedirectUri.Restore(registered, Native).Matches(presented).ShouldBeFalse();
    }
}
