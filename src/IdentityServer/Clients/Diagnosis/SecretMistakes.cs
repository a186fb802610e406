using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Domain.Networks;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients.Diagnosis;

/// <summary>
/// Finds out what is wrong with a secret that was refused. It must help nobody to guess: it is asked only after the refusal, the answer goes
/// to the client's owners alone, every form is compared whatever an earlier one gave, and secrets that are kept by a slow hash because
/// they could be guessed are compared with nothing. A client has so many looks in a minute; beyond them a secret is simply wrong.
/// </summary>
internal sealed class SecretMistakes(IServiceScopeFactory scopes, TimeProvider clock)
{
    private const int LooksPerMinute = 30;
    private const int Remembered = 5_000;

    // Those of a client and its owners' other clients; more than these nobody has by accident.
    private const int MostSecrets = 200;

    private readonly Allowance _looks = new(LooksPerMinute, TimeSpan.FromMinutes(1), Remembered);

    /// <summary>Says which mistake it was.</summary>
    /// <param name="client">Whose secret it should have been.</param>
    /// <param name="presented">What was refused.</param>
    /// <param name="undecoded">The same before HTTP Basic's form-decoding; null when it came another way.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ClientMistake> FindAsync(ClientSettings client, string presented, string? undecoded, CancellationToken cancellationToken)
    {
        var wrong = new ClientMistake(FailureCodes.SecretWrong, ("length", presented.Length.ToString(CultureInfo.InvariantCulture)));
        if (presented.Length > ClientSecret.MaxLength * 2 || _looks.Spend(client.Id, clock.GetElapsedTime(0)) is not null)
        {
            return wrong;
        }

        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
        var own = await db.ClientSecrets.AsNoTracking().Where(secret => secret.ClientRowId == client.Id)
            .OrderByDescending(secret => secret.CreatedAt).ThenBy(secret => secret.Id).Take(MostSecrets).ToListAsync(cancellationToken);
        var others = await OfSameOwnersAsync(db, client.Id, cancellationToken);
        ClientMistake?[] found =
        [
            OfHash(own, presented),
            OfOver(own, presented),
            .. SecretRepairs.Of(presented, undecoded, client.ClientId).Select(repair => Matching(own, repair.Candidate) is null ? null : new ClientMistake(repair.Code)),
            .. others.Select(other => Matching(other.Secrets, presented) is null
                ? null
                : new ClientMistake(FailureCodes.SecretOfAnotherClient, ("client", other.ClientId))),
        ];
        return found.FirstOrDefault(failure => failure is not null) ?? wrong;
    }

    /// <summary>Whether a text is a secret of a client, by fast hashes alone.</summary>
    public static bool IsSecretOf(CachedClient client, string presented) =>
        client.Secrets.Where(secret => !ClientSecretHash.IsSlow(secret.Hash))
            .Aggregate(false, (found, secret) => found | ClientSecretHash.Matches(secret.Hash, presented));

    private static ClientMistake? OfHash(List<ClientSecretEntry> own, string presented) =>
        own.Aggregate(false, (found, secret) => found | IsHash(secret.Hash, presented)) ? new(FailureCodes.SecretIsItsHash) : null;

    private ClientMistake? OfOver(List<ClientSecretEntry> own, string presented) => Matching(own, presented) switch
    {
        { RetiredAt: { } at } retired => new(FailureCodes.SecretRetired, ("label", NameOf(retired)), ("date", DayOf(at))),
        { ExpiresAt: { } at } expired when at <= clock.GetUtcNow() => new(FailureCodes.SecretExpired, ("label", NameOf(expired)), ("date", DayOf(at))),
        _ => null,
    };

    private static ClientSecretEntry? Matching(IReadOnlyList<ClientSecretEntry> secrets, string candidate) =>
        secrets.Where(secret => !ClientSecretHash.IsSlow(secret.Hash)).Aggregate(
            (ClientSecretEntry?)null, (found, secret) => ClientSecretHash.Matches(secret.Hash, candidate) ? found ?? secret : found);

    private static bool IsHash(string stored, string presented) =>
        IsSame(stored, presented) | (IsSame(stored[(stored.LastIndexOf('$') + 1)..], presented) & presented.Length > 20);

    private static bool IsSame(string one, string other) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));

    private static string NameOf(ClientSecretEntry secret) => secret.Label.Length > 0 ? secret.Label : "-";

    private static string DayOf(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    // Every owner of this client must own the other as well, or one would learn of a client that is not theirs.
    private static async Task<List<OtherClient>> OfSameOwnersAsync(IdentityServerDbContext db, string clientRowId, CancellationToken cancellationToken)
    {
        var rows = await (
            from other in db.ClientOwners.AsNoTracking()
            where other.ClientRowId != clientRowId
                && db.ClientOwners.Any(owner => owner.ClientRowId == clientRowId && owner.UserId == other.UserId)
                && !db.ClientOwners.Any(owner => owner.ClientRowId == clientRowId
                    && !db.ClientOwners.Any(both => both.ClientRowId == other.ClientRowId && both.UserId == owner.UserId))
            join client in db.Clients on other.ClientRowId equals client.Id
            join secret in db.ClientSecrets on other.ClientRowId equals secret.ClientRowId
            where secret.RetiredAt == null
            orderby secret.CreatedAt descending, secret.Id // those that are looked at must be the same each time
            select new { client.ClientId, Secret = secret }).Take(MostSecrets).ToListAsync(cancellationToken);
        return [.. rows.GroupBy(row => row.ClientId!).Select(group => new OtherClient(group.Key, [.. group.Select(row => row.Secret)]))];
    }

    private sealed record OtherClient(string ClientId, IReadOnlyList<ClientSecretEntry> Secrets);
}
