using IdentityServer.Outbox;
using IdentityServer.Settings;
using IdentityServer.SignIn.Changes;
using IdentityServer.SignIn.Proofs;
using IdentityServer.SignIn.Reset;
using IdentityServer.SignIn.SignUp;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.SignIn;

internal static class SignInRoom
{
    public static WebApplicationBuilder AddSignIn(this WebApplicationBuilder builder)
    {
        builder.Services
            .AddScoped<PasswordStep>().AddScoped<PasswordThrottle>().AddScoped<ChallengeIssuer>().AddScoped<ChallengeWrites>()
            .AddScoped<ChallengeFactory>().AddScoped<CodeJudge>().AddScoped<CodeMailParts>()
            .AddScoped<CodeResender>().AddScoped<IssuerSignals>()
            .AddScoped<ProofIssuer>().AddScoped<ProofIssuerParts>().AddScoped<ProofLimits>().AddScoped<StandIns>().AddScoped<PendingAccounts>()
            .AddScoped<SignUpStep>().AddScoped<SignUpParts>().AddScoped<ResetStep>().AddScoped<ResetParts>()
            .AddScoped<PasswordVerifier>().AddScoped<SignedInAs>().AddScoped<PasswordChange>().AddScoped<PasswordChangeParts>()
            .AddScoped<AddressStep>().AddScoped<AddressParts>().AddScoped<OperatorHelp>().AddScoped<OperatorHelpParts>().AddScoped<DeletionStep>().AddScoped<DeletionParts>()
            .AddScoped<CodeStep>().AddScoped<CodeStepExtras>().AddScoped<WrongCode>().AddScoped<WrongCodeParts>()
            .AddScoped<KnownBrowser>().AddScoped<ClientNames>().AddScoped<CodePageReader>()
            .AddScoped<IOutboxHandler, CodeMailHandler>();

        // Where accounts are made by the operator alone, these pages do not exist.
        builder.Services.AddOptions<RazorPagesOptions>().Configure<SignUpOptions>((pages, signUp) =>
        {
            if (!signUp.Enabled)
            {
                pages.Conventions.AddFolderRouteModelConvention("/SignIn/SignUp", page => page.Selectors.Clear());
            }
        });
        return builder;
    }
}
