using IdentityServer.Outbox;

namespace IdentityServer.SignIn;

internal static class SignInRoom
{
    public static WebApplicationBuilder AddSignIn(this WebApplicationBuilder builder)
    {
        builder.Services
            .AddScoped<PasswordStep>().AddScoped<PasswordThrottle>().AddScoped<ChallengeIssuer>().AddScoped<ChallengeWrites>()
            .AddScoped<CodeStep>().AddScoped<CodeStepExtras>().AddScoped<WrongCode>().AddScoped<WrongCodeParts>()
            .AddScoped<KnownBrowser>().AddScoped<ClientNames>().AddScoped<CodePageReader>()
            .AddScoped<SignInMail>()
            .AddScoped<IOutboxHandler, CodeMailHandler>()
            .AddScoped<IOutboxHandler, AlertHandler>();
        return builder;
    }
}
