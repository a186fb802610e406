using System.Net;
using System.Text;
using IdentityServer.Clients;
using IdentityServer.Protocol.Registration;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Registration;

/// <summary>Registration is closed, and each initial access token opens it as far as it says.</summary>
public sealed class RegistrationTokenTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_registers_without_a_token()
    {
        await using var stage = await RegistrationStage.OpenAsync();

        var bare = await stage.PostAsync(null, RegistrationStage.Least);
        var made_up = await stage.PostAsync(new string('x', 43), RegistrationStage.Least);
        var inQuery = await stage.SendAsync(HttpMethod.Post, $"{RegistrationStage.Path}?access_token={await stage.TokenAsync()}", null, RegistrationStage.Least);

        (bare.Status, bare.Error, bare.Message.Headers.WwwAuthenticate.ToString()).ShouldBe((HttpStatusCode.Unauthorized, "invalid_token", "Bearer"));
        (made_up.Status, made_up.Error, made_up.Message.Headers.WwwAuthenticate.ToString()).ShouldBe((HttpStatusCode.Unauthorized, "invalid_token", "Bearer error=\"invalid_token\""));
        inQuery.Status.ShouldBe(HttpStatusCode.Unauthorized);
        Snapshot.ShouldMatch("Registration/Snapshots/unauthorized.json", stage.Kept(made_up));
        (await stage.World.ReadAsync(db => db.ClientRegistrations.CountAsync(Cancel))).ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_20_parallel_registrations_with_a_token_for_one_exactly_one_registers(bool postgreSql)
    {
        await using var stage = await RegistrationStage.OpenAsync(postgreSql);
        await using var second = await stage.World.Server.StartAnotherNodeAsync();
        var before = await ClientsAsync(stage);
        var token = await stage.TokenAsync();
        var http = new[] { stage.World.Server.CreateClient(cookies: false), second.CreateClient(cookies: false) };

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async number =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, RegistrationStage.Path)
            {
                Content = new StringContent(RegistrationStage.Least, Encoding.UTF8, "application/json"),
            };
            request.Headers.Authorization = new("Bearer", token);
            request.Headers.Add("X-Forwarded-For", $"192.0.2.{number + 1}");
            return (await http[number % 2].SendAsync(request, Cancel)).StatusCode;
        }));

        answers.Count(status => status == HttpStatusCode.Created).ShouldBe(1);
        answers.Count(status => status == HttpStatusCode.Unauthorized).ShouldBe(19);
        (await ClientsAsync(stage)).ShouldBe(before + 1);
        (await stage.World.ReadAsync(db => db.RegistrationTokens.Select(row => row.UsesLeft).SingleAsync(Cancel))).ShouldBe(0);
    }

    [Fact]
    public async Task A_registration_that_is_refused_spends_nothing()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var token = await stage.TokenAsync(uses: 1);

        foreach (var bad in new[] { "", "{}", "[]", "nonsense", """{"redirect_uris":["http://app.example.com/"]}""", """{"redirect_uris":["https://app.example.com/"],"first_party":true}""" })
        {
            (await stage.PostAsync(token, bad)).Status.ShouldBe(HttpStatusCode.BadRequest, bad);
        }

        (await stage.PostAsync(token, RegistrationStage.Least)).Status.ShouldBe(HttpStatusCode.Created);
        (await stage.PostAsync(token, RegistrationStage.Least)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_registration_that_cannot_be_stored_spends_nothing()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var token = await stage.TokenAsync();
        var before = await ClientsAsync(stage);
        await stage.World.ReadAsync(db => db.Database.ExecuteSqlRawAsync(
            "CREATE TRIGGER no_registration BEFORE INSERT ON client_registrations BEGIN SELECT RAISE(ABORT, 'not now'); END", Cancel));

        (await stage.PostAsync(token, RegistrationStage.Least)).Status.ShouldBe(HttpStatusCode.InternalServerError);
        (await ClientsAsync(stage)).ShouldBe(before, "no client without what it manages itself by");
        await stage.World.ReadAsync(db => db.Database.ExecuteSqlRawAsync("DROP TRIGGER no_registration", Cancel));

        (await stage.PostAsync(token, RegistrationStage.Least)).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_token_ends_with_its_time_or_by_the_operator_and_its_clients_stay()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var (lapsing, revoked) = (await stage.TokenAsync(uses: 5, days: 1), await stage.TokenAsync(uses: 5, days: 5));
        var client = await stage.PostAsync(lapsing, RegistrationStage.Least);
        var other = await stage.PostAsync(revoked, RegistrationStage.Least);

        await stage.World.AdvanceAsync(TimeSpan.FromDays(1) - TimeSpan.FromMilliseconds(1));
        (await stage.PostAsync(lapsing, RegistrationStage.Least)).Status.ShouldBe(HttpStatusCode.Created);
        await stage.World.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        (await stage.PostAsync(lapsing, RegistrationStage.Least)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await RevokeAsync(stage, revoked)).ShouldBeTrue();
        (await RevokeAsync(stage, revoked)).ShouldBeFalse();
        (await stage.PostAsync(revoked, RegistrationStage.Least)).Status.ShouldBe(HttpStatusCode.Unauthorized);

        (await stage.ReadAsync(client)).Status.ShouldBe(HttpStatusCode.OK);
        (await stage.ChangeAsync(other, RegistrationStage.Least)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_network_that_gets_tokens_wrong_is_slowed_and_nobody_with_a_right_one_is()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var token = await stage.TokenAsync();
        Task<RegistrationAnswer> TryAsync(string network, string attempt) => stage.SendAsync(HttpMethod.Post, RegistrationStage.Path, attempt, RegistrationStage.Least, network: network);
        for (var number = 0; number < FailedTokenAllowance.PerNetwork; number++)
        {
            (await TryAsync("192.0.2.7", new string('x', 43))).Status.ShouldBe(HttpStatusCode.Unauthorized);
        }

        var slowed = await TryAsync("192.0.2.7", new string('y', 43));

        (slowed.Status, slowed.Error).ShouldBe((HttpStatusCode.TooManyRequests, "temporarily_unavailable"));
        slowed.Message.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), FailedTokenAllowance.Window);
        (await TryAsync("192.0.2.8", new string('y', 43))).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await TryAsync("192.0.2.7", token)).Status.ShouldBe(HttpStatusCode.Created);
        await stage.World.AdvanceAsync(FailedTokenAllowance.Window);
        (await TryAsync("192.0.2.7", new string('z', 43))).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_database_holds_no_token_that_opens_anything()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var token = await stage.TokenAsync(uses: 2);
        var client = await stage.PostAsync(token, RegistrationStage.Least);

        foreach (var file in Directory.EnumerateFiles(stage.World.Server.Directory, "*", SearchOption.AllDirectories))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            var content = await reader.ReadToEndAsync(Cancel);
            content.Contains(token, StringComparison.Ordinal).ShouldBeFalse(file);
            content.Contains(client.Access, StringComparison.Ordinal).ShouldBeFalse(file);
            content.Contains(client.Text("client_secret")!, StringComparison.Ordinal).ShouldBeFalse(file);
        }
    }

    private static Task<bool> RevokeAsync(RegistrationStage stage, string token) => stage.World.Server.InScopeAsync(async services =>
    {
        Domain.Clients.RegistrationSecret.TryParse(token, out var secret).ShouldBeTrue();
        var hash = secret!.Hash();
        var id = await services.GetRequiredService<Storage.IdentityServerDbContext>().RegistrationTokens.Where(row => row.Hash == hash).Select(row => row.Id).SingleAsync(Cancel);
        return await services.GetRequiredService<RegistrationTokens>().RevokeAsync(id, Cancel);
    });

    private static Task<int> ClientsAsync(RegistrationStage stage) => stage.World.ReadAsync(db => db.Clients.CountAsync(Cancel));
}
