using System.Globalization;
using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Faults;

/// <summary>
/// I6 and threat 22: what the server has acknowledged survives its being killed at any instant. The real server, in a process of its own,
/// on a SQLite file. It runs alone: a machine that starts servers for other tests at the same time would be what is measured.
/// </summary>
[Collection(nameof(KillTests))]
[CollectionDefinition(nameof(KillTests), DisableParallelization = true)]
public sealed class KillTests(ITestOutputHelper output)
{
    /// <summary>How many kills; <c>tests/kill-rounds.sh</c> sets it.</summary>
    private const string RoundsVariable = "IDENTITYSERVER_KILL_ROUNDS";

    private const int UsualRounds = 4;
    private const int Seed = 2026;

    private static readonly TimeSpan _longestRestart = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task What_was_acknowledged_survives_a_kill_at_any_instant()
    {
        var variable = Environment.GetEnvironmentVariable(RoundsVariable);
        var asked = int.TryParse(variable, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        var rounds = asked ? number : UsualRounds;
        await using var installation = new Installation();
        var client = await installation.AddClientAsync();
        await installation.StartAsync();

        var findings = await new KillRounds(installation, client, Seed).RunAsync(rounds, output.WriteLine);

        output.WriteLine($"In all: {findings.InWords}");
        findings.Faults.ShouldBeEmpty();
        findings.Kills.ShouldBe(rounds);
        if (asked)
        {
            // A matter of the machine as much as of the server, so it is judged where somebody has asked for figures.
            findings.SlowestRestart.ShouldBeLessThan(_longestRestart);
        }
    }

    [Fact]
    public async Task Threat_22_A_refresh_token_replayed_after_a_kill_kills_the_family()
    {
        await using var installation = new Installation();
        var client = await installation.AddClientAsync();
        var accounts = new Accounts(installation);
        await accounts.EnsureAsync(1);
        await installation.StartAsync();
        using var person = accounts.Next()!;
        var back = await person.Browser.SignInAsync(client.Start(), person.Email);
        var tokens = await client.ExchangeAsync(back.Parameter("code")!);
        var rotated = await client.RefreshAsync(tokens.RefreshToken!);
        rotated.Status.ShouldBe(HttpStatusCode.OK);

        installation.Server.Kill();
        await installation.Server.GoneAsync();
        await installation.StartAsync();

        (await client.UserInfoAsync(rotated.AccessToken!)).Status.ShouldBe(HttpStatusCode.OK);
        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await client.RefreshAsync(rotated.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await client.UserInfoAsync(rotated.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }
}
