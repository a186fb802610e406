using IdentityServer.Domain.Sessions;

namespace IdentityServer.Domain.Tests.Sessions;

public sealed class AuthenticationContextTests
{
    [Fact]
    public void Tokens_say_password_and_one_time_code_and_never_mfa()
    {
        AuthenticationContext.Amr.ShouldBe(["pwd", "otp"]);
        AuthenticationContext.Acr.ShouldStartWith("urn:");
        AuthenticationContext.Acr.ShouldNotContain("mfa");
    }

    [Fact]
    public void A_browser_is_asked_again_before_its_refresh_tokens_end() =>
        SessionPolicy.BrowserLifetime.ShouldBeLessThan(SessionPolicy.Lifetime);
}
