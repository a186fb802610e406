using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Faults;

/// <summary>
/// Some people sign in without a pause, the server is killed among them, the next one takes over, and everything that was acknowledged is
/// looked for: again and again on the same data.
/// </summary>
internal sealed class KillRounds(Installation installation, RelyingParty client, int seed)
{
    private const int People = 8;

    // More than eight people can begin in a round.
    private const int AccountsPerRound = 120;

    // Sign-ins of earlier rounds that are looked at again, alive and dead: what outlived one kill has to outlive the next ones too.
    private const int KeptInMind = 8;

    private readonly Accounts _accounts = new(installation);
    private readonly Findings _findings = new();
    private readonly HashSet<Guid> _accepted = [];
    private readonly Queue<SignIn> _alive = new();
    private readonly Queue<SignIn> _dead = new();
    private readonly Dictionary<SignIn, StoredSignIn> _waiting = [];

    private CodeChecks Codes => new(installation, client, _findings);

    private TokenChecks Tokens => new(client, _findings);

    /// <summary>What was found. A round that finds a fault is the last.</summary>
    public async Task<Findings> RunAsync(int rounds, Action<string> tell)
    {
        for (var round = 1; round <= rounds && _findings.Faults.Count == 0; round++)
        {
            await _accounts.EnsureAsync(AccountsPerRound);
            tell($"{round}/{rounds}: {await RoundAsync(new Random((seed * 100_003) + round))}; {_findings.InWords}");
        }

        // Once more, for what the last round's checks have written.
        installation.Server.Kill();
        await installation.Server.GoneAsync();
        using var file = new CrashedFile(installation.Data);
        await CheckFileAsync(file, []);
        if (_findings.Faults.Count == 0)
        {
            await CheckWaitingMailsAsync(file);
        }

        return _findings;
    }

    private async Task<string> RoundAsync(Random random)
    {
        var server = installation.Server;
        var peril = new Peril(random, server);
        var people = Enumerable.Range(0, People)
            .Select(_ => new Person(installation, _accounts, client, peril, new Random(random.Next())))
            .Select(person => Task.Run(person.LiveAsync))
            .ToArray();
        var lives = await Task.WhenAll(people);
        await peril.Over;
        await server.GoneAsync();
        _findings.Killed();

        using var file = new CrashedFile(installation.Data);
        var starting = installation.StartAsync();
        await CheckFileAsync(file, [.. lives.SelectMany(life => life)]);
        _findings.Restarted(await starting);

        await RecallAsync(random);
        await Task.WhenAll(lives.Select(life =>
        {
            var choices = new Random(random.Next());
            return Task.Run(() => CheckAsync(file, life, choices));
        }));
        return $"killed {peril.Plan} among {lives.Sum(life => life.Count)} sign-ins";
    }

    private async Task CheckFileAsync(CrashedFile file, SignIn[] signIns)
    {
        await file.ReadAsync(signIns);
        foreach (var fault in await file.FaultsAsync())
        {
            _findings.Sound(false, "the database", fault);
        }

        _accepted.UnionWith(signIns.Where(signIn => signIn.Accepted is not null).Select(signIn => signIn.Challenge!.Value));
        var consumed = await file.ConsumedAsync();
        _findings.Sound(_accepted.IsSubsetOf(consumed), "the database", "a session that was acknowledged is gone");
    }

    private async Task CheckAsync(CrashedFile file, IReadOnlyList<SignIn> signIns, Random random)
    {
        foreach (var signIn in signIns)
        {
            var stored = file.Find(signIn);
            _findings.Checking(signIn.Acknowledged);
            if (await Codes.CheckAsync(signIn, stored))
            {
                signIn.Dispose();
            }
            else
            {
                lock (_waiting)
                {
                    _waiting.Add(signIn, stored!);
                }
            }

            if (signIn.Accepted is null || stored is null)
            {
                continue;
            }

            await Tokens.CheckAsync(signIn, stored, spare: random.Next(People) == 0, random);
            if (signIn.Tokens.Count > 0)
            {
                Remember(signIn.FamilyDead ? _dead : _alive, signIn);
            }
        }
    }

    private static void Remember(Queue<SignIn> queue, SignIn signIn)
    {
        lock (queue)
        {
            queue.Enqueue(signIn);
        }
    }

    // What earlier rounds left alive lives, what they left dead is dead, and a mail that was being sent when its server died has come.
    private async Task RecallAsync(Random random)
    {
        foreach (var signIn in _alive)
        {
            await Tokens.CheckAliveAsync(signIn);
        }

        while (_alive.Count > KeptInMind)
        {
            var signIn = _alive.Dequeue();
            await Tokens.ReplayAsync(signIn, random);
            _dead.Enqueue(signIn);
        }

        while (_dead.Count > KeptInMind)
        {
            _dead.Dequeue();
        }

        foreach (var signIn in _dead)
        {
            await Tokens.CheckDeadAsync(signIn);
        }

        foreach (var (signIn, stored) in _waiting.Where(waiting => Codes.HasMail(waiting.Key)).ToArray())
        {
            _waiting.Remove(signIn);
            await Codes.FinishAsync(signIn, stored);
            signIn.Dispose();
        }
    }

    private async Task CheckWaitingMailsAsync(CrashedFile file)
    {
        await file.ReadAsync(_waiting.Keys);
        foreach (var signIn in _waiting.Keys.Where(signIn => !Codes.HasMail(signIn)))
        {
            var mail = file.Find(signIn)?.Mail;
            var due = mail is { DueAt: not null, State: DeliveryState.Queued or DeliveryState.Deferred };
            _findings.Kept(due, signIn, "the mail will never be sent");
        }
    }
}
