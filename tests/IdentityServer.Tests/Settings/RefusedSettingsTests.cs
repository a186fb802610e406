using IdentityServer.Settings;

namespace IdentityServer.Tests.Settings;

/// <summary>What is mistyped stops the start and is named: no value of ours is ever silently left at its default.</summary>
public sealed class RefusedSettingsTests
{
    private const string Value = "hush-hush-5f1c";

    [Theory]
    [InlineData("Storage:Provder")]
    [InlineData("Storage:Sqlite:Path", "Storage:Sqlite")]
    [InlineData("Mail:Frm")]
    [InlineData("Mail:Relay:0:Host", "Mail:Relay")]
    [InlineData("Mail:Relays:0:Pasword")]
    [InlineData("Mail:Relays:0:Credentials:Password", "Mail:Relays:0:Credentials")]
    [InlineData("Mail:Relays:first")]
    [InlineData("Mail:Relays:7")]
    [InlineData("Proxy:KnownAddress")]
    [InlineData("Proxy:TrustAll")]
    [InlineData("Product:Title")]
    [InlineData("Product:Branding:Logo", "Product:Branding")]
    [InlineData("RootSecret:Path")]
    [InlineData("Egress:AllowedHost:0", "Egress:AllowedHost")]
    [InlineData("Demo:User")]
    [InlineData("Demo:Users:0:Passwort")]
    [InlineData("Demo:Clients:0:redirect_url")]
    [InlineData("Demo:Resources:0:audience")]
    [InlineData("Issuer:Path")]
    public async Task An_unknown_key_in_a_section_of_ours_stops_the_start(string key, string? named = null)
    {
        var refused = await RefusalAsync("Development", (key, Value));

        ShouldName(refused, named ?? key);
    }

    [Theory]
    [InlineData("Storage")]
    [InlineData("Mail")]
    [InlineData("Proxy")]
    [InlineData("Product")]
    [InlineData("Demo")]
    [InlineData("RootSecret")]
    [InlineData("Egress")]
    [InlineData("Egress:AllowedHosts")]
    [InlineData("Mail:Relays")]
    [InlineData("Mail:Relays:0")]
    [InlineData("Proxy:KnownAddresses")]
    [InlineData("Storage:Provider:Name")]
    [InlineData("Mail:From:Address")]
    [InlineData("Product:Name:En")]
    public async Task A_value_where_keys_belong_or_keys_where_a_value_belongs_stop_the_start(string key)
    {
        var refused = await RefusalAsync("Production", (key, Value));

        refused.Problems.ShouldContain(problem => key.StartsWith(problem.Key, StringComparison.Ordinal));
        refused.Message.ShouldNotContain(Value);
    }

    [Theory]
    [InlineData("Storage:Provider", Value)]
    [InlineData("Storage:Provider", "")]
    [InlineData("Storage:Provider", "1")]
    [InlineData("Storage:Provider", "Sqlite,PostgreSql")]
    [InlineData("Storage:ConnectionString", Value)]
    [InlineData("Storage:ConnectionString", "Data Source=:memory:;Password=" + Value)]
    [InlineData("Storage:ConnectionString", "Data Source=x.db;Colour=" + Value)]
    [InlineData("Mail:From", Value)]
    [InlineData("Mail:From", "a@example.com, " + Value + "@example.com")]
    [InlineData("Mail:Relays:0:Host", "smtp://" + Value)]
    [InlineData("Mail:Relays:0:Host", Value + ":25")]
    [InlineData("Mail:Relays:0:Host", "")]
    [InlineData("Mail:Relays:0:Port", Value)]
    [InlineData("Mail:Relays:0:Port", "")]
    [InlineData("Mail:Relays:0:Port", "0")]
    [InlineData("Mail:Relays:0:Port", "65536")]
    [InlineData("Mail:Relays:0:Port", "-1")]
    [InlineData("Mail:Relays:0:Port", "2.5")]
    [InlineData("Mail:Relays:0:Port", "99999999999")]
    [InlineData("Mail:Relays:0:Security", Value)]
    [InlineData("Mail:Relays:0:Security", "0")]
    [InlineData("Mail:Relays:0:Security", "")]
    [InlineData("Mail:Relays:0:Password", Value, "Mail:Relays:0:UserName")]
    [InlineData("Mail:Relays:0:UserName", Value, "Mail:Relays:0:Password")]
    [InlineData("Proxy:KnownAddresses:0", Value)]
    [InlineData("Proxy:KnownAddresses:0", "")]
    [InlineData("Proxy:KnownAddresses:0", "10.1")]
    [InlineData("Proxy:KnownAddresses:0", "192.0.2.0/24")]
    [InlineData("Proxy:KnownNetworks:0", Value)]
    [InlineData("Proxy:KnownNetworks:0", "0.0.0.0/0")]
    [InlineData("Proxy:KnownNetworks:0", "::/0")]
    [InlineData("Proxy:KnownNetworks:0", "192.0.2.0/33")]
    [InlineData("Product:Name", "")]
    [InlineData("Product:Name", "  ")]
    [InlineData("Product:Name", "two\nlines")]
    [InlineData("Product:Name", "a name of more than forty characters is refused")]
    [InlineData("RootSecret:Value", Value)]
    [InlineData("RootSecret:Value", "c2hvcnQ=")]
    [InlineData("RootSecret:File", "/nowhere/root.secret")]
    [InlineData("Issuer", Value)]
    [InlineData("Issuer", "ftp://id.example.com")]
    [InlineData("Issuer", "//id.example.com")]
    [InlineData("Issuer", "https://id.example.com/path")]
    [InlineData("Issuer", "https://id.example.com/?tenant=" + Value)]
    [InlineData("Issuer", "https://id.example.com/#" + Value)]
    [InlineData("Issuer", "https://ann:" + Value + "@id.example.com")]
    [InlineData("Issuer", "http://id.example.com")]
    [InlineData("Urls", Value, "urls")]
    [InlineData("Urls", "http://127.0.0.1:70000", "urls")]
    [InlineData("Urls", "ftp://127.0.0.1:5080", "urls")]
    public async Task A_value_that_does_not_do_stops_the_start(string key, string value, string? named = null)
    {
        var refused = await RefusalAsync("Production", (key, value));

        ShouldName(refused, named ?? key);
    }

    [Theory]
    [InlineData("Issuer")]
    [InlineData("Mail:From")]
    [InlineData("Mail:Relays:0:Host", "Mail:Relays")]
    [InlineData("Proxy:KnownAddresses:0", "Kestrel:Endpoints")]
    public async Task A_missing_value_stops_the_start(string key, string? named = null) =>
        (await Refusals.KeysAsync("Production", (key, null))).ShouldBe([named ?? key]);

    [Theory]
    [InlineData("Storage:ConnectionString", "")]
    [InlineData("RootSecret", "Host=db.example.com;Database=identityserver")]
    public async Task PostgreSql_needs_a_connection_string_and_outside_Development_a_root_secret(string named, string connectionString) =>
        (await Refusals.KeysAsync("Production", ("Storage:Provider", "PostgreSql"), ("Storage:ConnectionString", connectionString))).ShouldContain(named);

    [Fact]
    public async Task Everything_that_is_wrong_is_said_at_once()
    {
        var refused = await RefusalAsync("Production",
            ("Issuer", "nonsense"), ("Storage:Provider", "Oracle"), ("Storage:Provder", "Sqlite"), ("Mail:From", "nobody"),
            ("Mail:Relays:0:Port", "none"), ("Mail:Relays:0:Pasword", Value), ("Product:Name", ""), ("Proxy:KnownAddresses:0", "here"),
            ("Demo:Users:0:Email", "a@example.com"));

        refused.Problems.Select(problem => problem.Key).ShouldBe(
            ["Issuer", "Product:Name", "Demo:Users", "Storage:Provider", "Storage:Provder", "Mail:Relays:0:Port", "Mail:Relays:0:Pasword", "Proxy:KnownAddresses:0", "Demo:Users:0:Password"],
            ignoreOrder: true);
        refused.Problems.ShouldAllBe(problem => refused.Message.Contains(problem.Key) && refused.Message.Contains(problem.Problem) && refused.Message.Contains(problem.Mend));
        refused.Message.ShouldNotContain(Value);
    }

    [Fact]
    public async Task What_is_right_is_accepted() => (await Refusals.KeysAsync("Production")).ShouldBeEmpty();

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("localhost.", false)]
    [InlineData("localhost.localdomain", false)]
    [InlineData("ip6-localhost", false)]
    [InlineData("relay", false)]
    [InlineData("127.0.0.1.nip.io", false)]
    public async Task Mail_in_the_clear_goes_to_this_machine_only_whatever_a_name_resolves_to(string host, bool accepted)
    {
        foreach (var environment in new[] { "Development", "Production" })
        {
            (await Refusals.KeysAsync(environment, ("Mail:Relays:0:Host", host), ("Mail:Relays:0:Security", "None")))
                .ShouldBe(accepted ? [] : ["Mail:Relays:0:Security"]);
        }
    }

    private static async Task<ConfigurationException> RefusalAsync(string environment, params (string Key, string? Value)[] changes)
    {
        var settings = Refusals.ForProduction();
        foreach (var (key, value) in changes)
        {
            settings[key] = value;
        }

        return (await Refusals.OfAsync(environment, settings)).ShouldNotBeNull("the server would have started");
    }

    private static void ShouldName(ConfigurationException refused, string key)
    {
        var problem = refused.Problems.ShouldHaveSingleItem();
        problem.Key.ShouldBe(key);
        problem.Problem.ShouldEndWith(".");
        problem.Mend.ShouldNotBeNullOrWhiteSpace();
        refused.Message.ShouldContain(problem.Key);
        refused.Message.ShouldContain(problem.Problem);
        refused.Message.ShouldContain(problem.Mend);
        refused.Message.ShouldNotContain(Value);
    }
}
