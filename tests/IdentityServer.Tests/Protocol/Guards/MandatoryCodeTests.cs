using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Settings;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Protocol.Guards;

/// <summary>I2: nothing that an operator, a client or an environment can set turns the code off, and what tries is told so.</summary>
public sealed class MandatoryCodeTests
{
    [Theory]
    [InlineData("SignIn:Code:Enabled", "SignIn")]
    [InlineData("SignIn:RequireCode", "SignIn")]
    [InlineData("Features:SignIn:SkipCode", "Features:SignIn")]
    [InlineData("Otp:Length", "Otp")]
    [InlineData("Otp", "Otp")]
    [InlineData("OTP_ENABLED", "OTP_ENABLED")]
    [InlineData("OneTimeCode:Lifetime", "OneTimeCode")]
    [InlineData("OneTimePassword:Attempts", "OneTimePassword")]
    [InlineData("TwoFactor:Required", "TwoFactor")]
    [InlineData("Identity:TwoFactorEnabled", "Identity:TwoFactorEnabled")]
    [InlineData("MultiFactorAuthentication:Enabled", "MultiFactorAuthentication")]
    [InlineData("Mfa", "Mfa")]
    [InlineData("DISABLE_MFA", "DISABLE_MFA")]
    [InlineData("IDENTITYSERVER_SKIP_CODE", "IDENTITYSERVER_SKIP_CODE")]
    [InlineData("IdentityServer:Require2FA", "IdentityServer:Require2FA")]
    [InlineData("Clients:0:skip_mfa", "Clients:0:skip_mfa")]
    [InlineData("Demo:Clients:0:require_mfa", "Demo:Clients:0:require_mfa")]
    [InlineData("Demo:Users:0:two_factor_enabled", "Demo:Users:0:two_factor_enabled")]
    [InlineData("Demo:Users:0:otp_exempt", "Demo:Users:0:otp_exempt")]
    [InlineData("Users:ExemptFromCode", "Users:ExemptFromCode")]
    [InlineData("Mail:SendCodes", "Mail:SendCodes")]
    [InlineData("Storage:OtpKey:DisableOtp", "Storage:OtpKey:DisableOtp")]
    [InlineData("Development:NoCode", "Development:NoCode")]
    [InlineData("CodeLength", "CodeLength")]
    [InlineData("Code_Lifetime_Minutes", "Code_Lifetime_Minutes")]
    [InlineData("Code:Enabled", "Code:Enabled")]
    [InlineData("Code:Length", "Code:Length")]
    [InlineData("PasswordOnly", "PasswordOnly")]
    [InlineData("Login:AllowPasswordOnly", "Login:AllowPasswordOnly")]
    [InlineData("RememberDevice:Enabled", "RememberDevice")]
    [InlineData("TrustedBrowsers:0", "TrustedBrowsers")]
    [InlineData("GuessBudget:Enabled", "GuessBudget")]
    [InlineData("second-factor", "second-factor")]
    [InlineData("Verification:Codes:Off", "Verification:Codes:Off")]
    public void A_key_that_tries_to_configure_the_code_stops_the_start_and_is_named(string key, string named)
    {
        foreach (var value in new[] { "false", "true", "0", "" })
        {
            var refused = Should.Throw<ConfigurationException>(() => IdentityServerHost.Build(Arguments(), With(key, value)));
            var problem = refused.Problems.Single(problem => problem.Mend.Contains("mandatory", StringComparison.Ordinal));
            problem.Key.ShouldBe(named, StringCompareShould.IgnoreCase);
            refused.Message.ShouldContain(problem.Key);
        }
    }

    [Fact]
    public void The_command_line_is_no_exception_and_neither_is_the_environment()
    {
        var refused = Should.Throw<ConfigurationException>(() => IdentityServerHost.Build(Arguments("--SignIn:Code:Enabled=false", "--Otp:Length", "4")));
        refused.Message.ShouldContain("  SignIn");
        refused.Message.ShouldContain("  Otp");

        // Variables of this process would be seen by every test: it is enough that the server reads them all.
        IdentityServerHost.Build(Arguments(), builder => builder.Configuration.Sources.OfType<EnvironmentVariablesConfigurationSource>()
            .ShouldContain(source => string.IsNullOrEmpty(source.Prefix)));
    }

    [Theory]
    [InlineData("OTP_VERSION", "27")]
    [InlineData("AWS_MFA_SERIAL", "arn")]
    [InlineData("VSCODE_IPC_HOOK", "x")]
    [InlineData("CODESPACES", "true")]
    [InlineData("Code:Signing:Off", "x")]
    [InlineData("Product:Name", "Codes and tokens")]
    public void A_key_that_only_sounds_like_it_does_not(string key, string value) =>
        Should.NotThrow(() => IdentityServerHost.Build(Arguments(), With(key, value)));

    [Theory]
    [InlineData("require_mfa", "false")]
    [InlineData("skip_mfa", "true")]
    [InlineData("skip_code", "true")]
    [InlineData("skip_otp", "true")]
    [InlineData("otp_required", "false")]
    [InlineData("two_factor", "\"off\"")]
    [InlineData("one_time_code", "null")]
    [InlineData("trusted", "true")]
    [InlineData("default_acr_values", "[\"pwd\"]")]
    [InlineData("amr_values", "[\"pwd\"]")]
    [InlineData("remember_device", "true")]
    [InlineData("settings", "{\"otp\":false}")]
    public async Task A_client_that_tries_to_do_without_the_code_is_not_registered(string member, string value)
    {
        await using var server = await TestServer.StartAsync();
        var verdict = await server.InScopeAsync(services => services.GetRequiredService<ClientImport>().ImportAsync(
            JsonDocument.Parse($$"""{"client_name":"Shop","redirect_uris":["https://shop.example.com/"],"{{member}}":{{value}}}""").RootElement,
            TestContext.Current.CancellationToken));
        verdict.ShouldBeOfType<ImportVerdict.Refused>().Problems.ShouldContain(problem => problem.Field.StartsWith(member, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_most_trusted_client_there_can_be_waits_for_the_code_like_any_other()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync(extra: "\"verified\":true,\"require_pkce\":false,\"require_auth_time\":false,\"default_max_age\":31536000");
        var browser = world.OpenBrowser();

        (await browser.ReachCodePageAsync(client.Start(("acr_values", "pwd"), ("max_age", "31536000")), email)).Document.QuerySelector("#code").ShouldNotBeNull();

        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("error").ShouldBe("login_required");
    }

    private static string[] Arguments(params string[] more) =>
        ["--environment=Development", $"--Storage:DataDirectory={Path.Combine(Path.GetTempPath(), "identityserver-never-made")}", .. more];

    private static Action<WebApplicationBuilder> With(string key, string value) =>
        builder => builder.Configuration.AddInMemoryCollection([new(key, value)]);
}
