using IdentityServer.Storage.Entities;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;

namespace IdentityServer.Storage.Tests;

/// <summary>What every contract needs: a database, nodes on it, and a few rows.</summary>
public abstract class StorageContract(Database database) : IAsyncLifetime
{
    /// <summary>The tests' time; nothing here reads a clock.</summary>
    protected static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly List<ServiceProvider> _nodes = [];

    protected Database Database { get; } = database;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The node that a test works with; more come from <see cref="StartNode"/>.</summary>
    protected ServiceProvider Node { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Database.ReadyAsync();
        Node = StartNode();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>A further program on the same database, sharing nothing else.</summary>
    protected ServiceProvider StartNode()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddIdentityServerStorage(Database.Settings);
        services.AddOpenIddict().AddCore(builder => builder.UseIdentityServerStores());
        var node = services.BuildServiceProvider(validateScopes: true);
        _nodes.Add(node);
        return node;
    }

    /// <summary>Works in a scope of its own, as a request does.</summary>
    protected Task<T> InScopeAsync<T>(Func<IServiceProvider, Task<T>> work) => InScopeAsync(Node, work);

    /// <inheritdoc cref="InScopeAsync{T}(Func{IServiceProvider, Task{T}})"/>
    protected static async Task<T> InScopeAsync<T>(ServiceProvider node, Func<IServiceProvider, Task<T>> work)
    {
        await using var scope = node.CreateAsyncScope();
        return await work(scope.ServiceProvider);
    }

    /// <inheritdoc cref="InScopeAsync{T}(Func{IServiceProvider, Task{T}})"/>
    protected Task InScopeAsync(Func<IServiceProvider, Task> work) => InScopeAsync(Node, async services =>
    {
        await work(services);
        return true;
    });

    /// <summary>Works in a scope of its own and commits its unit of work, as a request that is answered does.</summary>
    protected Task<T> CommittedAsync<T>(Func<IServiceProvider, Task<T>> work) => InScopeAsync(async services =>
    {
        var result = await work(services);
        await services.GetRequiredService<UnitOfWork>().CommitAsync(Cancel);
        return result;
    });

    /// <inheritdoc cref="CommittedAsync{T}(Func{IServiceProvider, Task{T}})"/>
    protected Task CommittedAsync(Func<IServiceProvider, Task> work) => CommittedAsync(async services =>
    {
        await work(services);
        return true;
    });

    /// <summary>Runs the same work many times at once, each in a scope of its own, in turn on the given nodes.</summary>
    protected static async Task<T[]> RaceAsync<T>(int times, Func<IServiceProvider, Task<T>> work, params ServiceProvider[] nodes)
    {
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var runs = Enumerable.Range(0, times).Select(index => Task.Run(async () =>
        {
            await start.Task;
            return await InScopeAsync(nodes[index % nodes.Length], work);
        })).ToArray();
        start.SetResult();
        return await Task.WhenAll(runs);
    }

    protected Task<User> AddUserAsync() => InScopeAsync(async services =>
    {
        var address = $"{Guid.NewGuid():N}@example.test";
        var user = new User
        {
            Id = Guid.CreateVersion7(),
            Email = address,
            NormalizedEmail = address.ToUpperInvariant(),
            CreatedAt = Now,
            UpdatedAt = Now,
        };
        var db = services.GetRequiredService<IdentityServerDbContext>();
        db.Users.Add(user);
        db.AccountGuessBudgets.Add(new() { UserId = user.Id });
        await db.SaveChangesAsync(Cancel);
        return user;
    });

    protected Task<Client> AddClientAsync() => InScopeAsync(async services =>
    {
        var manager = services.GetRequiredService<IOpenIddictApplicationManager>();
        return (Client)await manager.CreateAsync(
            new OpenIddictApplicationDescriptor { ClientId = Guid.NewGuid().ToString("N"), ClientType = "public" }, Cancel);
    });

    protected Task<OtpChallenge> AddChallengeAsync(User user, Action<OtpChallenge>? adjust = null) => InScopeAsync(async services =>
    {
        var challenge = new OtpChallenge
        {
            Id = Guid.CreateVersion7(),
            UserId = user.Id,
            Purpose = "sign-in",
            Seed = new byte[32],
            BrowserHash = new byte[32],
            KeyId = "otp-test",
            Reference = "reference",
            AttemptsLeft = 5,
            Sends = 1,
            LastSentAt = Now,
            CreatedAt = Now,
            ExpiresAt = Now.AddMinutes(30),
        };
        adjust?.Invoke(challenge);
        var db = services.GetRequiredService<IdentityServerDbContext>();
        db.OtpChallenges.Add(challenge);
        await db.SaveChangesAsync(Cancel);
        return challenge;
    });

    protected async Task<AuthenticationSession> AddSessionAsync(User user, Action<AuthenticationSession>? adjust = null)
    {
        var challenge = await AddChallengeAsync(user, challenge => challenge.State = ChallengeState.Consumed);
        return await InScopeAsync(async services =>
        {
            var session = NewSession(challenge);
            adjust?.Invoke(session);
            var db = services.GetRequiredService<IdentityServerDbContext>();
            db.AuthenticationSessions.Add(session);
            await db.SaveChangesAsync(Cancel);
            return session;
        });
    }

    protected static AuthenticationSession NewSession(OtpChallenge challenge) => new()
    {
        Id = Guid.CreateVersion7(),
        UserId = challenge.UserId,
        ChallengeId = challenge.Id,
        FamilyId = Guid.CreateVersion7(),
        HandleHash = new byte[32],
        AuthenticatedAt = Now,
        BrowserExpiresAt = Now.AddHours(12),
        ExpiresAt = Now.AddDays(14),
    };
}
