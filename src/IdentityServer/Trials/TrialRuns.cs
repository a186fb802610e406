using System.Security.Cryptography;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Trials;

/// <summary>What became of a wish to begin a run.</summary>
internal abstract record TrialBegun
{
    private TrialBegun()
    {
    }

    /// <summary>It is there.</summary>
    public sealed record Added(Trial Trial) : TrialBegun;

    /// <summary>The person has begun as many as they may within an hour.</summary>
    public sealed record TooMany : TrialBegun;
}

/// <summary>
/// Keeps runs for an hour, in rows that every node reads and only this installation can: each is wrapped for its own row, person and client,
/// so that none can be slipped into another's place.
/// </summary>
internal sealed class TrialRuns(IdentityServerDbContext db, UnitOfWork unit, CounterOperations counters, IDataProtectionProvider protection, TimeProvider clock)
{
    /// <summary>How long a run can be looked at.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>The most runs that a person may begin in <see cref="Window"/>.</summary>
    public const int MostOfPerson = 20;

    /// <summary>The window of <see cref="MostOfPerson"/>.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>Begins a run.</summary>
    public Task<TrialBegun> AddAsync(ClientSettings client, Guid userId, TrialState state, CancellationToken cancellationToken) => unit.InOwnTransactionAsync<TrialBegun>(
        async () =>
        {
            var now = clock.GetUtcNow();
            if (!(await counters.TrySpendAsync($"trials/by/{userId:N}", Window, MostOfPerson, now, cancellationToken)).Allowed)
            {
                return new TrialBegun.TooMany();
            }

            var row = new TrialRun { Id = Guid.NewGuid(), ClientRowId = client.Id, UserId = userId, ExpiresAt = now + Lifetime, ProtectedState = "" };
            row.ProtectedState = Wrap(row, state);
            db.TrialRuns.Add(row);
            await db.SaveChangesAsync(cancellationToken);
            return new TrialBegun.Added(Opened(row, state));
        },
        cancellationToken);

    /// <summary>A run that is not over; null for any other. Whoever asks judges whose it is.</summary>
    public async Task<Trial?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return await db.TrialRuns.AsNoTracking().SingleOrDefaultAsync(run => run.Id == id && run.ExpiresAt > now, cancellationToken) is { } row ? Open(row) : null;
    }

    /// <summary>A person's runs with a client, the last one first.</summary>
    public async Task<IReadOnlyList<Trial>> ListAsync(string clientRowId, Guid userId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var rows = await db.TrialRuns.AsNoTracking().Where(run => run.ClientRowId == clientRowId && run.UserId == userId && run.ExpiresAt > now)
            .OrderByDescending(run => run.ExpiresAt).ThenBy(run => run.Id).Take(MostOfPerson).ToListAsync(cancellationToken);
        return [.. rows.Select(Open).OfType<Trial>()];
    }

    /// <summary>Puts another state in a run's place.</summary>
    /// <returns>The run as it is now; null when somebody else has changed it since it was read, or it is over: nothing happened then.</returns>
    public async Task<Trial?> ReplaceAsync(Trial trial, TrialState next, CancellationToken cancellationToken)
    {
        var (now, wrapped) = (clock.GetUtcNow(), Protector(trial.Id, trial.UserId, trial.ClientRowId).Protect(JsonSerializer.Serialize(next)));
        var changed = await unit.InOwnTransactionAsync(
            () => db.TrialRuns.Where(run => run.Id == trial.Id && run.ProtectedState == trial.Wrapped && run.ExpiresAt > now)
                .ExecuteUpdateAsync(set => set.SetProperty(run => run.ProtectedState, wrapped), cancellationToken),
            cancellationToken);
        return changed == 1 ? trial with { State = next, Wrapped = wrapped } : null;
    }

    /// <summary>Forgets a run at once.</summary>
    public Task ForgetAsync(Trial trial, CancellationToken cancellationToken) => unit.InOwnTransactionAsync(
        () => db.TrialRuns.Where(run => run.Id == trial.Id).ExecuteDeleteAsync(cancellationToken), cancellationToken);

    private Trial? Open(TrialRun row)
    {
        try
        {
            var state = JsonSerializer.Deserialize<TrialState>(Protector(row.Id, row.UserId, row.ClientRowId).Unprotect(row.ProtectedState))!;
            return Opened(row, state);
        }
        catch (CryptographicException)
        {
            return null; // of a root secret that is gone
        }
    }

    private static Trial Opened(TrialRun row, TrialState state) => new(row.Id, row.ClientRowId, row.UserId, row.ExpiresAt, state, row.ProtectedState);

    private string Wrap(TrialRun row, TrialState state) => Protector(row.Id, row.UserId, row.ClientRowId).Protect(JsonSerializer.Serialize(state));

    private IDataProtector Protector(Guid id, Guid userId, string clientRowId) =>
        protection.CreateProtector("IdentityServer.Trials.v1", id.ToString("N"), userId.ToString("N"), clientRowId);
}
