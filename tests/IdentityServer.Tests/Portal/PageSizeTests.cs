using System.Globalization;
using System.Net;
using System.Text;
using IdentityServer.Clients.Credentials;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Domain.Users;
using IdentityServer.Languages;
using IdentityServer.Ownership;
using IdentityServer.Tests.Clients;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using IdentityServer.TestUsers;

namespace IdentityServer.Tests.Portal;

/// <summary>How much a page of the portal weighs, where there is much to show.</summary>
public sealed class PageSizeTests
{
    private const int Largest = 50 * 1024;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_page_of_a_client_that_has_much_to_show_stays_small_in_every_language()
    {
        await using var stage = await TrialStage.StartAsync(Rich());
        var (world, client) = (stage.World, stage.Client);
        var run = await stage.RunAsync();
        run.Failed().ShouldBeEmpty();
        await FillAsync(world, client);
        var paths = (await world.PagesOfPortalAsync(client)).Where(page => page.Whose != PageOf.Administrators).Select(page => page.Path)
            .Append(run.Message.RequestMessage!.RequestUri!.AbsolutePath).Append(client.PageOf("activity?days=90")).ToList();
        var large = new List<string>();

        foreach (var path in paths)
        {
            foreach (var language in SupportedLanguages.All)
            {
                var page = await stage.Browser.GetAsync($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}ui_locales={language.Tag}");
                page.Status.ShouldBe(HttpStatusCode.OK, path);
                if (page.Message.Content.Headers.ContentType!.MediaType != "text/html")
                {
                    continue; // the logo
                }

                page.Document.DocumentElement.GetAttribute("lang").ShouldBe(language.Tag, path);
                if (Encoding.UTF8.GetByteCount(page.Body) is > Largest and var size)
                {
                    large.Add($"{path} in {language.Tag}: {size} bytes");
                }
            }
        }

        large.ShouldBeEmpty();
    }

    private static string Rich()
    {
        var uris = string.Join(',', Enumerable.Range(1, 12).Select(number => $"\"https://shop-{number}.example.com/signin/callback\""));
        return $$"""
            {"client_name":"The shop of the long name","redirect_uris":[{{uris}}],"post_logout_redirect_uris":[{{uris}}],
             "grant_types":["authorization_code","refresh_token"],"scope":"openid profile email address phone offline_access",
             "client_uri":"https://shop-1.example.com/","policy_uri":"https://shop-1.example.com/privacy","tos_uri":"https://shop-1.example.com/terms",
             "backchannel_logout_uri":"https://shop-1.example.com/out"}
            """;
    }

    private static async Task FillAsync(World world, OwnedClient client)
    {
        for (var number = 1; number < SecretRotation.MostActive - 1; number++)
        {
            await world.Server.HaveSecretAsync(client.ClientId, $"the secret of server number {number}", world.Clock.GetUtcNow().AddDays(90));
        }

        await ActivityPageTests.FillAsync(world, client.RowId);
        for (var number = 0; number < 5; number++)
        {
            await world.ShareAsync(client, await world.AddPersonAsync());
        }

        for (var number = 1; number < TestUserPolicy.MostPerClient; number++)
        {
            await world.WithAsync<TestUserDirectory, TestUserMade>(users => users.CreateAsync(
                client.Settings, new($"buyer-{number}", World.Password, StandardClaims.OfLanguage("en")), Cancel));
        }

        await world.ReadAsync(db =>
        {
            for (var number = 0; number < 60; number++)
            {
                db.ClientFailures.Add(new()
                {
                    Id = number.ToString("x12", CultureInfo.InvariantCulture),
                    ClientRowId = client.RowId,
                    At = world.Clock.GetUtcNow(),
                    Code = FailureCodes.RedirectUriMismatch,
                    Endpoint = "/connect/authorize",
                    Details = """{"received":"https://shop-1.example.com/signin/callback/","registered":"https://shop-1.example.com/signin/callback","difference":"trailing_slash"}""",
                });
            }

            return db.SaveChangesAsync(Cancel);
        });
    }
}
