using IdentityServer.Mail;
using IdentityServer.Settings;

namespace IdentityServer.Tests.Mail;

public sealed class MailOptionsTests
{
    [Fact]
    public void A_relay_with_everything_given_is_accepted() =>
        Problems(development: false, Valid()).ShouldBeEmpty();

    [Fact]
    public void Outside_Development_a_relay_is_mandatory()
    {
        var options = Valid();
        options.Relays.Clear();

        Problems(development: false, options).ShouldBe(["Mail:Relays"]);
        Problems(development: true, options).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("nobody")]
    [InlineData("a@example.com, b@example.com")]
    [InlineData("a@example.com\r\nBcc: b@example.com")]
    public void From_must_be_one_address(string? from)
    {
        var options = Valid();
        options.From = from;

        Problems(development: true, options).ShouldBe(["Mail:From"]);
    }

    [Theory]
    [InlineData("sign-in@example.com")]
    [InlineData("Example <sign-in@example.com>")]
    [InlineData("Tee für Ann <sign-in@example.com>")]
    [InlineData("sign-in@localhost")]
    public void From_may_have_a_name(string from)
    {
        var options = Valid();
        options.From = from;

        Problems(development: false, options).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("relay.example.com", true)]
    [InlineData("192.0.2.7", true)]
    [InlineData("localhost.example.com", true)]
    [InlineData("127.0.0.1.example.com", true)]
    [InlineData("localhost", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.8.8.8", false)]
    [InlineData("::1", false)]
    public void A_relay_on_another_machine_is_never_spoken_to_in_the_clear(string host, bool refused)
    {
        var options = Valid();
        (options.Relays[0].Host, options.Relays[0].Security) = (host, RelaySecurity.None);

        Problems(development: true, options).ShouldBe(refused ? ["Mail:Relays:0:Security"] : []);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    [InlineData("smtp.example.com:587")]
    [InlineData("smtp://relay")]
    public void A_relays_host_must_be_a_host(string? host)
    {
        var options = Valid();
        options.Relays[0].Host = host;

        Problems(development: false, options).ShouldBe(["Mail:Relays:0:Host"]);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(65535, false)]
    [InlineData(65536, true)]
    public void A_relays_port_must_be_a_port(int port, bool refused)
    {
        var options = Valid();
        options.Relays[0].Port = port;

        Problems(development: false, options).ShouldBe(refused ? ["Mail:Relays:0:Port"] : []);
    }

    [Fact]
    public void User_name_and_password_come_together()
    {
        var options = Valid();
        options.Relays[0].Password = null;
        Problems(development: false, options).ShouldBe(["Mail:Relays:0:Password"]);

        (options.Relays[0].UserName, options.Relays[0].Password) = (null, "secret");
        Problems(development: false, options).ShouldBe(["Mail:Relays:0:UserName"]);
    }

    [Theory]
    [InlineData(nameof(RelaySecurity.StartTls), 587)]
    [InlineData(nameof(RelaySecurity.Tls), 465)]
    [InlineData(nameof(RelaySecurity.None), 25)]
    public void The_port_follows_from_the_protection(string security, int port) =>
        RelaySettings.Of(new MailRelayOptions { Host = "localhost", Security = Enum.Parse<RelaySecurity>(security) }).Port.ShouldBe(port);

    [Fact]
    public void A_relays_password_does_not_leave_through_ToString() =>
        MailSettings.Of(Valid()).Relays[0].ToString().ShouldBe("smtp.example.com:587");

    private static MailOptions Valid() => new()
    {
        From = "sign-in@example.com",
        Relays = { new() { Host = "smtp.example.com", Port = 587, Security = RelaySecurity.StartTls, UserName = "ann", Password = "secret" } },
    };

    private static string[] Problems(bool development, MailOptions options)
    {
        var report = new SettingsReport();
        options.Check(new SettingsCheck(report, MailOptions.Section, development));
        try
        {
            report.ThrowIfAny();
            return [];
        }
        catch (ConfigurationException refused)
        {
            refused.Problems.ShouldAllBe(problem => problem.Problem.EndsWith('.') && problem.Mend.EndsWith('.'));
            return [.. refused.Problems.Select(problem => problem.Key)];
        }
    }
}
