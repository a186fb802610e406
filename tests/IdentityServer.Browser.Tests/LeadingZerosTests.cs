using System.Buffers.Binary;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Secrets;
using IdentityServer.SignIn;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

public sealed class LeadingZerosTests(Chromium chromium, Stage stage)
{
    private const string Wanted = "00042";

    [Fact]
    public async Task A_sign_in_whose_code_is_00042_works()
    {
        await using var context = await chromium.OpenAsync(Screen.Phone);
        await stage.StartAsync();
        var person = await stage.AddPersonAsync();
        var page = await context.NewPageAsync();
        await page.LeaveForProviderAsync(stage);
        await page.EnterPasswordAsync(person);
        await stage.NextCodeAsync(person);

        // The code follows from the challenge's seed, so another seed makes another code; the mail that is sent again carries it.
        await GiveCodeAsync(person, Wanted);
        await page.Button("Send the mail again").ClickAsync();
        await Assertions.Expect(page.GetByText("on its way again")).ToBeVisibleAsync();
        (await stage.NextCodeAsync(person)).ShouldBe(Wanted);

        await page.EnterCodeAsync(Wanted);
        await page.AllowAsync();
    }

    private Task<int> GiveCodeAsync(Person person, string wanted) => stage.Server.InScopeAsync(async services =>
    {
        var ct = TestContext.Current.CancellationToken;
        var db = services.GetRequiredService<IdentityServerDbContext>();
        var challenge = await db.OtpChallenges.SingleAsync(row => row.UserId == person.Id && row.State == ChallengeState.Open, ct);
        var key = await services.GetRequiredService<InstallationSecrets>().OtpKeyAsync(challenge.KeyId, ct);

        // One seed in 100,000 does: a fraction of a second.
        var seed = new byte[OneTimeCodeDerivation.SeedLength];
        for (var number = 0; ; number++)
        {
            BinaryPrimitives.WriteInt32BigEndian(seed, number);
            if (OneTimeCodeDerivation.Derive(key!.Bytes.Span, challenge.Binding() with { Seed = seed }).Reveal() == wanted)
            {
                break;
            }
        }

        challenge.Seed = seed;
        challenge.LastSentAt -= ResendPolicy.Spacing;
        return await db.SaveChangesAsync(ct);
    });
}
