using System.Text.Json;
using IdentityServer.Storage.Entities;
using IdentityServer.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Maintenance.Import;

/// <summary>
/// Imports accounts. An address that has one already is left alone, so that running a file twice changes nothing. Passwords are never
/// compared: people have changed theirs since, and each comparison would cost a hash.
/// </summary>
internal sealed class UserLines(UserDirectory directory, IPasswordHasher hasher) : IImportTarget
{
    public async Task<IReadOnlyList<LineOutcome>> ApplyAsync(IReadOnlyList<JsonElement> lines, CancellationToken cancellationToken)
    {
        var outcomes = new LineOutcome[lines.Count];
        var read = new List<(int Index, UserLine Line)>(lines.Count);
        for (var index = 0; index < lines.Count; index++)
        {
            if (UserLine.TryRead(lines[index], out var line, out var reason))
            {
                read.Add((index, line));
            }
            else
            {
                outcomes[index] = new LineOutcome.Refused(reason);
            }
        }

        var known = await directory.FindManyByEmailAsync([.. read.Select(entry => entry.Line.Address)], cancellationToken);
        var reserved = await directory.FindReservedAsync([.. read.Select(entry => entry.Line.Address)], cancellationToken);
        var fresh = new Dictionary<string, (int Index, UserLine Line)>(StringComparer.Ordinal);
        foreach (var (index, line) in read)
        {
            if (known.TryGetValue(line.Address.Normalized, out var user))
            {
                outcomes[index] = Compare(line, user.Email, user.EmailVerified, user.Claims);
            }
            else if (reserved.Contains(line.Address.Normalized))
            {
                outcomes[index] = new LineOutcome.Unchanged(); // its account has another address since, and may have this one back
            }
            else if (!fresh.TryAdd(line.Address.Normalized, (index, line)))
            {
                var first = fresh[line.Address.Normalized].Line;
                outcomes[index] = Compare(line, first.Address.Value, first.EmailVerified, first.Claims.ToJson());
            }
        }

        // The hasher keeps every core busy and no more.
        var newUsers = await Task.WhenAll(fresh.Values.Select(entry => MakeAsync(entry.Line, cancellationToken)));
        var made = await CreateAsync(newUsers, cancellationToken);
        foreach (var ((index, _), outcome) in fresh.Values.Zip(made))
        {
            outcomes[index] = outcome;
        }

        return outcomes;
    }

    private async Task<IReadOnlyList<LineOutcome>> CreateAsync(NewUser[] newUsers, CancellationToken cancellationToken)
    {
        try
        {
            await directory.CreateManyAsync(newUsers, cancellationToken);
            return [.. newUsers.Select(_ => new LineOutcome.Added())];
        }
        catch (DbUpdateException)
        {
            // Somebody took one of the addresses meanwhile. One by one it shows which; any other fault comes up again.
            var outcomes = new List<LineOutcome>(newUsers.Length);
            foreach (var newUser in newUsers)
            {
                outcomes.Add(await directory.CreateAsync(newUser, cancellationToken) is UserCreation.Created
                    ? new LineOutcome.Added()
                    : new LineOutcome.Unchanged());
            }

            return outcomes;
        }
    }

    private async Task<NewUser> MakeAsync(UserLine line, CancellationToken cancellationToken) => new(
        line.Address,
        line.PasswordHash ?? await hasher.HashAsync(line.Password!, cancellationToken),
        line.EmailVerified,
        line.Claims);

    // An address verified since is no difference: whoever has signed in here has read mail at it.
    private static LineOutcome Compare(UserLine line, string email, bool verified, string claims)
    {
        var different = new List<string>();
        if (!string.Equals(line.Address.Value, email, StringComparison.Ordinal))
        {
            different.Add("the spelling of email");
        }

        if (line.EmailVerified && !verified)
        {
            different.Add("email_verified");
        }

        if (!string.Equals(line.Claims.ToJson(), claims, StringComparison.Ordinal))
        {
            different.Add("its claims");
        }

        return different.Count == 0 ? new LineOutcome.Unchanged() : new LineOutcome.Differs(string.Join(" and ", different));
    }
}
