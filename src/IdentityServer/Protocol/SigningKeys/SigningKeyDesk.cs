using IdentityServer.Audit;
using IdentityServer.Domain.SigningKeys;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Protocol.SigningKeys;

/// <summary>What became of a wish to rotate the keys of an algorithm.</summary>
internal abstract record RotationOutcome(SigningKey Key)
{
    /// <summary>A key was made.</summary>
    public sealed record Made(SigningKey Key) : RotationOutcome(Key);

    /// <summary>The key that was announced already signs earlier now.</summary>
    public sealed record BroughtForward(SigningKey Key) : RotationOutcome(Key);

    /// <summary>A key is announced already, and signs no later than it could.</summary>
    public sealed record Announced(SigningKey Key) : RotationOutcome(Key);
}

/// <summary>What became of a wish to revoke a key.</summary>
internal abstract record RevocationOutcome
{
    /// <summary>It is revoked.</summary>
    /// <param name="Successor">The key that signs in its stead, when it was the one that signed.</param>
    public sealed record Revoked(SigningKey? Successor) : RevocationOutcome;

    /// <summary>It was revoked before.</summary>
    public sealed record WasRevoked : RevocationOutcome;

    /// <summary>There is no such key.</summary>
    public sealed record Unknown : RevocationOutcome;
}

/// <summary>What an operator does with signing keys. Servers that run see it the next time they look, see <see cref="SigningKeyWatch.Period"/>.</summary>
internal sealed class SigningKeyDesk(SigningKeyUpkeep upkeep, TimeProvider time)
{
    /// <summary>Every key, oldest first; the first ones are made if there are none.</summary>
    public Task<List<SigningKey>> ListAsync(CancellationToken cancellationToken) => upkeep.RowsAsync(cancellationToken);

    /// <summary>What a key is at this moment.</summary>
    /// <param name="key">The key.</param>
    /// <param name="all">Every key.</param>
    public KeyState StateOf(SigningKey key, IReadOnlyCollection<SigningKey> all)
    {
        var now = time.GetUtcNow();
        return key.RevokedAt is not null ? KeyState.Revoked
            : KeySchedule.Signer(SigningKeyUpkeep.Usable(all, key.Algorithm), SigningKeyUpkeep.PeriodOf, now) == key ? KeyState.Signing
            : key.ActivatesAt > now ? KeyState.Announced
            : KeyState.Retired;
    }

    /// <summary>Gives algorithms a successor.</summary>
    /// <param name="algorithms">Of <see cref="SigningKeyMaterial.Algorithms"/>.</param>
    /// <param name="atOnce">It signs as soon as every node publishes it, instead of after its announcement.</param>
    /// <param name="cancellationToken">Stops waiting for the lock.</param>
    public async Task<List<RotationOutcome>> RotateAsync(IReadOnlyCollection<string> algorithms, bool atOnce, CancellationToken cancellationToken)
    {
        var outcomes = new List<RotationOutcome>();
        await upkeep.ChangeAsync(
            (change, _) =>
            {
                outcomes.AddRange(algorithms.Select(algorithm => Rotate(change, algorithm, atOnce)));
                return Task.FromResult(true);
            },
            cancellationToken);
        return outcomes;
    }

    /// <summary>Revokes a key: it leaves the published set, signs nothing, and what it signed is refused. Another takes over where it signed.</summary>
    public async Task<RevocationOutcome> RevokeAsync(string kid, CancellationToken cancellationToken)
    {
        RevocationOutcome outcome = new RevocationOutcome.Unknown();
        await upkeep.ChangeAsync(
            (change, _) =>
            {
                outcome = Revoke(change, kid);
                return Task.FromResult(outcome is RevocationOutcome.Revoked);
            },
            cancellationToken);
        return outcome;
    }

    private static RotationOutcome Rotate(SigningKeyChange change, string algorithm, bool atOnce)
    {
        if (Announced(change, algorithm) is not { } announced)
        {
            var made = change.Make(algorithm, KeySchedule.Asked(change.Now, atOnce));
            change.Tell(AuditEvents.SigningKeyRotated, made);
            return new RotationOutcome.Made(made);
        }

        var present = SigningKeyUpkeep.PeriodOf(announced);
        if (!atOnce || KeySchedule.BroughtForward(present, change.Now) is var sooner && sooner == present)
        {
            return new RotationOutcome.Announced(announced);
        }

        change.Move(announced, sooner);
        change.Tell(AuditEvents.SigningKeyRotated, announced);
        return new RotationOutcome.BroughtForward(announced);
    }

    private static RevocationOutcome Revoke(SigningKeyChange change, string kid)
    {
        if (change.Rows.FirstOrDefault(row => row.Id == kid) is not { } key)
        {
            return new RevocationOutcome.Unknown();
        }

        if (key.RevokedAt is not null)
        {
            return new RevocationOutcome.WasRevoked();
        }

        var signed = KeySchedule.Signer(SigningKeyUpkeep.Usable(change.Rows, key.Algorithm), SigningKeyUpkeep.PeriodOf, change.Now) == key;
        change.Revoke(key);
        return new RevocationOutcome.Revoked(signed ? TakeOver(change, key.Algorithm) : null);
    }

    private static SigningKey TakeOver(SigningKeyChange change, string algorithm)
    {
        if (Announced(change, algorithm) is not { } announced)
        {
            return change.Make(algorithm, KeySchedule.TakingOver(change.Now, change.Now));
        }

        change.Move(announced, KeySchedule.TakingOver(announced.CreatedAt, change.Now));
        return announced;
    }

    private static SigningKey? Announced(SigningKeyChange change, string algorithm) =>
        SigningKeyUpkeep.Usable(change.Rows, algorithm).Where(row => row.ActivatesAt > change.Now).MinBy(row => row.ActivatesAt);
}

/// <summary>Where a key is in its life.</summary>
internal enum KeyState
{
    /// <summary>Published, and signs later.</summary>
    Announced,

    /// <summary>Signs.</summary>
    Signing,

    /// <summary>Signs no more; what it signed is good.</summary>
    Retired,

    /// <summary>Nothing it signed is good.</summary>
    Revoked,
}
