using IdentityServer.Clients.Showing;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using IdentityServer.Trials;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Api;

/// <summary>Who may want something of a client.</summary>
public enum Caller
{
    Owner,
    CoOwner,
    Stranger,
    Administrator,
    Anonymous,

    /// <summary>A machine that manages itself.</summary>
    MachineItself,

    /// <summary>A machine that the client's owner lets manage it.</summary>
    MachineAgent,

    /// <summary>A machine of somebody else.</summary>
    MachineOfStranger,

    /// <summary>The owner, through a token that lacks the scope of what is wanted, and has all others.</summary>
    OwnerWithoutScope,

    /// <summary>An account that was made to test a client with, should it ever hold a token or a session.</summary>
    TestUser,
}

/// <summary>A client, with everybody who may and may not manage it: with tokens for the API, and with browsers for the pages.</summary>
internal sealed class MatrixStage(ApiStage stage) : IAsyncDisposable
{
    private readonly Dictionary<Caller, ApiUser> _users = [];
    private readonly Dictionary<Caller, Browser> _browsers = [];
    private readonly Dictionary<string, ApiUser> _without = [];
    private readonly Dictionary<Caller, string> _emails = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ApiStage Api => stage;

    /// <summary>The client that is wanted.</summary>
    public Target Shop { get; private set; } = null!;

    /// <summary>The machine, which is wanted by itself.</summary>
    public Target Robot { get; private set; } = null!;

    public static async Task<MatrixStage> StartAsync(Action<TestServerSetup>? configure = null)
    {
        var matrix = new MatrixStage(await ApiStage.StartAsync(configure: configure));
        await matrix.SetAsync();
        return matrix;
    }

    public ApiUser User(Caller caller, string? scope) => caller switch
    {
        Caller.Anonymous => stage.Anonymous,
        Caller.OwnerWithoutScope => scope is null ? _users[Caller.Owner] : _without[scope],
        _ => _users[caller],
    };

    /// <summary>The browser of a person who is signed in; of a machine or nobody, one that is not.</summary>
    public Browser Browser(Caller caller) => _browsers.TryGetValue(caller, out var browser) ? browser : stage.World.OpenBrowser();

    /// <summary>Somebody with an account.</summary>
    public async Task<Actor.Person> PersonAsync(Caller caller) => new(await stage.World.UserAsync(_emails[caller]));

    public Target TargetOf(Caller caller) => caller == Caller.MachineItself ? Robot : Shop;

    /// <summary>
    /// Has there be something on every page of <see cref="Shop"/>: a logo, a wish to be approved, and a run that its owner began.
    /// </summary>
    /// <returns>The run.</returns>
    public async Task<Guid> FurnishAsync()
    {
        var (world, owner) = (stage.World, await PersonAsync(Caller.Owner));
        var shop = (await world.FindAsync(owner, Shop.ClientId))!;
        (await world.WithAsync<ClientLogos, bool>(logos => logos.PutAsync(shop, new LogoVerdict.Drawn(MatrixPosts.Picture), Cancel))).ShouldBeTrue();
        (await world.WithAsync<Approvals, bool>(approvals => approvals.AskAsync(shop, "", Cancel))).ShouldBeTrue();
        return (await world.WithAsync<TrialFlow, TrialBegun>(flow => flow.PrepareAsync(
            shop.Settings, owner.User.Id, new() { Grant = ClientGrantTypes.AuthorizationCode }, Cancel))).ShouldBeOfType<TrialBegun.Added>().Trial.Id;
    }

    public ValueTask DisposeAsync() => stage.DisposeAsync();

    private async Task SetAsync()
    {
        var owner = await AddAsync(Caller.Owner);
        var coOwner = await AddAsync(Caller.CoOwner);
        await AddAsync(Caller.Stranger);
        var administrator = await AddAsync(Caller.Administrator);
        var testUser = await AddAsync(Caller.TestUser);
        foreach (var scope in ManagementScopes.All)
        {
            _without[scope] = await stage.PersonAsync(owner, string.Join(' ', ["openid", .. ManagementScopes.All.Except([scope])]));
        }

        var (shop, robot) = (await ApiStage.CreateAsync(_users[Caller.Owner]), await ApiStage.CreateAsync(_users[Caller.Owner], "machine"));
        await stage.AddOwnerAsync(coOwner, shop.Text("client_id")!);
        await stage.LetAsync(owner, robot.Text("client_id")!, shop.Text("client_id")!);
        _users[Caller.MachineAgent] = _users[Caller.MachineItself] = await stage.MachineAsync(robot);
        _users[Caller.MachineOfStranger] = await stage.MachineAsync(await ApiStage.CreateAsync(_users[Caller.Stranger], "machine"));
        (Shop, Robot) = (await FillAsync(shop), await FillAsync(robot));
        var tested = (await stage.World.FindAsync(await PersonAsync(Caller.Owner), shop.Text("client_id")!))!.RowId;
        await stage.World.ReadAsync(db => db.Users.Where(user => user.Email == administrator)
            .ExecuteUpdateAsync(set => set.SetProperty(user => user.Administrator, true), Cancel));
        await stage.World.ReadAsync(db => db.Users.Where(user => user.Email == testUser)
            .ExecuteUpdateAsync(set => set.SetProperty(user => user.TestOfClientId, tested), Cancel));
    }

    private async Task<string> AddAsync(Caller caller)
    {
        var (email, browser) = (await stage.World.AddUserAsync(), stage.World.OpenBrowser());
        (_users[caller], _browsers[caller], _emails[caller]) = (await stage.PersonAsync(email, browser: browser), browser, email);
        return email;
    }

    private async Task<Target> FillAsync(ApiReply made)
    {
        var (owner, path) = (_users[Caller.Owner], $"/clients/{made.Text("client_id")}");
        await stage.FailAsync(made);
        return new(
            made.Text("client_id")!,
            (await owner.GetAsync(path + "/secrets")).Json.GetProperty("items")[0].GetProperty("secret_id").GetString()!,
            (await owner.GetAsync(path + "/failures")).Json.GetProperty("items")[0].GetProperty("reference").GetString()!,
            (await owner.PostAsync(path + "/test-users", new { })).Text("user_id")!);
    }
}

/// <summary>A client, and one of each that it has.</summary>
internal sealed record Target(string ClientId, string SecretId, string Reference, string UserId)
{
    /// <summary>An address with what its placeholders stand for.</summary>
    public string Fill(string template) => template
        .Replace("{clientId}", ClientId, StringComparison.Ordinal).Replace("{secretId}", SecretId, StringComparison.Ordinal)
        .Replace("{secret:guid}", SecretId, StringComparison.Ordinal).Replace("{reference}", Reference, StringComparison.Ordinal)
        .Replace("{userId}", UserId, StringComparison.Ordinal).Replace("{userId:guid}", UserId, StringComparison.Ordinal);
}
