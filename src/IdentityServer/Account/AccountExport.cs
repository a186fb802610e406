using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using IdentityServer.Clients;
using IdentityServer.Grants;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Account;

/// <summary>All that is kept of a person, as JSON: what they gave, and what came of it. No secrets, and nothing of anybody else.</summary>
internal sealed class AccountExport(IdentityServerDbContext db, ConnectedApps apps, ClientCache clients, TimeProvider clock)
{
    private static readonly JsonSerializerOptions _readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    /// <summary>The document, in UTF-8.</summary>
    public async Task<byte[]> WriteAsync(User user, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var events = await db.AuditEvents.AsNoTracking().Where(entry => entry.UserId == user.Id).OrderBy(entry => entry.At).ThenBy(entry => entry.Id).ToListAsync(cancellationToken);
        var former = await db.FormerAddresses.AsNoTracking().Where(row => row.UserId == user.Id).ToListAsync(cancellationToken);
        var pending = await db.PendingAddresses.AsNoTracking().Where(row => row.UserId == user.Id).ToListAsync(cancellationToken);
        var sessions = await db.AuthenticationSessions.AsNoTracking().Where(row => row.UserId == user.Id).OrderBy(row => row.AuthenticatedAt).ThenBy(row => row.Id).ToListAsync(cancellationToken);
        var codes = await db.OtpChallenges.AsNoTracking().Where(row => row.UserId == user.Id).OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).ToListAsync(cancellationToken);
        var messages = await db.OutboxMessages.AsNoTracking().Where(row => row.UserId == user.Id).OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).ToListAsync(cancellationToken);
        var notices = new List<(OutboxMessage Message, string? ClientId)>();
        foreach (var message in messages.Where(message => message.ClientRowId is not null))
        {
            notices.Add((message, (await clients.FindByKeyAsync(message.ClientRowId!, cancellationToken))?.Settings.ClientId));
        }

        var owned = await db.ClientOwners.AsNoTracking().Where(owner => owner.UserId == user.Id)
            .Join(db.Clients, owner => owner.ClientRowId, client => client.Id, (owner, client) => new { client.ClientId, client.DisplayName, owner.AddedAt })
            .OrderBy(row => row.AddedAt).ThenBy(row => row.ClientId).ToListAsync(cancellationToken);
        var invitations = await db.ClientInvitations.AsNoTracking()
            .Where(row => row.ExpiresAt > now && (row.NormalizedEmail == user.NormalizedEmail || row.InvitedBy == user.Id))
            .Join(db.Clients, row => row.ClientRowId, client => client.Id, (row, client) => new { client.ClientId, row.InvitedBy, row.CreatedAt, row.ExpiresAt })
            .OrderBy(row => row.CreatedAt).ThenBy(row => row.ClientId).ToListAsync(cancellationToken);
        var document = new JsonObject
        {
            ["written_at"] = now,
            ["account"] = new JsonObject
            {
                ["sub"] = user.Id.ToString("D"),
                ["email"] = user.Email,
                ["email_verified"] = user.EmailVerified,
                ["created_at"] = user.CreatedAt,
                ["updated_at"] = user.UpdatedAt,
                ["has_password"] = user.PasswordHash is not null,
                ["pending_addresses"] = List(pending, row => new JsonObject { ["email"] = row.Email }),
                ["former_addresses"] = List(former, row => new JsonObject { ["email"] = row.Email, ["until"] = row.ChangedAt }),
            },
            ["claims"] = JsonNode.Parse(user.Claims),
            ["sessions"] = List(sessions, session => new JsonObject
            {
                ["sid"] = session.Id.ToString("N"),
                ["browser"] = session.Browser,
                ["network"] = session.Network,
                ["signed_in_at"] = session.AuthenticatedAt,
                ["ended_at"] = session.EndedAt,
            }),
            ["codes"] = List(codes, code => new JsonObject
            {
                ["asked_at"] = code.CreatedAt,
                ["purpose"] = code.Purpose,
                ["browser"] = code.Browser,
                ["network"] = code.Network,
                ["client_id"] = code.ClientId,
            }),
            ["mails"] = List(messages.Where(message => message.ClientRowId is null), mail => new JsonObject
            {
                ["written_at"] = mail.CreatedAt,
                ["kind"] = mail.Kind,
                ["handed_over_at"] = mail.HandedOverAt,
            }),
            ["sign_out_notices"] = List(notices, notice => new JsonObject
            {
                ["written_at"] = notice.Message.CreatedAt,
                ["client_id"] = notice.ClientId,
                ["handed_over_at"] = notice.Message.HandedOverAt,
            }),
            ["applications"] = List(await apps.ListAsync(user.Id, cancellationToken), app => new JsonObject
            {
                ["client_id"] = app.ClientId,
                ["client_name"] = app.Name,
                ["scope"] = string.Join(' ', app.Scopes),
                ["since"] = app.Since,
                ["last_used_at"] = app.LastUsedAt,
            }),
            ["owned_applications"] = List(owned, row => new JsonObject
            {
                ["client_id"] = row.ClientId,
                ["client_name"] = row.DisplayName,
                ["since"] = row.AddedAt,
            }),
            ["invitations_to_own"] = List(invitations, row => new JsonObject
            {
                // Of one that the person sent only that they did: the address is somebody else's.
                ["client_id"] = row.ClientId,
                ["sent"] = row.InvitedBy == user.Id,
                ["written_at"] = row.CreatedAt,
                ["expires_at"] = row.ExpiresAt,
            }),
            ["security_events"] = List(events, entry => new JsonObject
            {
                ["at"] = entry.At,
                ["name"] = entry.Name,
                ["client_id"] = entry.ClientId,
                ["network"] = entry.Network,
                ["details"] = JsonNode.Parse(entry.Details),
            }),
        };
        return JsonSerializer.SerializeToUtf8Bytes(document, _readable);
    }

    private static JsonArray List<T>(IEnumerable<T> rows, Func<T, JsonObject> write) => [.. rows.Select(row => (JsonNode)write(row))];
}
