using System.Globalization;
using IdentityServer.Clients;
using IdentityServer.SignIn.Access;
using IdentityServer.Storage;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Account;

/// <summary>What happened at somebody's account of late, as far as it matters to their safety.</summary>
internal sealed class ActivityModel(IdentityServerDbContext db, ClientCache clients) : AccountPageModel
{
    private const int PageLength = 30;
    private const int MostAtOnce = 1_000;

    /// <summary>Only what is not newer than this moment, in milliseconds since the Unix epoch: the next page.</summary>
    [BindProperty(SupportsGet = true, Name = "before")]
    public long? Before { get; set; }

    /// <summary>How many of that very moment were shown already.</summary>
    [BindProperty(SupportsGet = true, Name = "shown")]
    public int Shown { get; set; }

    public IReadOnlyList<ActivityEntry> Entries { get; private set; } = [];

    public string? OlderUrl { get; private set; }

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        var before = Before is > 0 and < 253_402_300_799_999 ? DateTimeOffset.FromUnixTimeMilliseconds(Before.Value) : DateTimeOffset.MaxValue;
        var userId = SignedIn.User.Id;
        var names = ActivityWords.Names;
        var events = await db.AuditEvents.AsNoTracking()
            .Where(entry => entry.UserId == userId && entry.At <= before && names.Contains(entry.Name))
            .OrderByDescending(entry => entry.At).ThenByDescending(entry => entry.Id).Skip(Math.Clamp(Shown, 0, MostAtOnce)).Take(PageLength + 1)
            .ToListAsync(cancellationToken);
        var entries = new List<ActivityEntry>();
        foreach (var entry in events.Take(PageLength))
        {
            var app = entry.ClientId is { } id ? (await clients.FindSettingsAsync(id, cancellationToken))?.Name ?? id : null;
            entries.Add(new(entry.At, Words[ActivityWords.KeyOf(entry.Name)], entry.Network, app));
        }

        Entries = entries;
        OlderUrl = events.Count > PageLength ? Older(entries) : null;
    }

    private string Older(List<ActivityEntry> shown)
    {
        var last = shown[^1].At;
        var ofThatMoment = shown.Count(entry => entry.At == last) + (shown[0].At == last && Before == last.ToUnixTimeMilliseconds() ? Shown : 0);
        return string.Create(CultureInfo.InvariantCulture, $"/account/activity?before={last.ToUnixTimeMilliseconds()}&shown={ofThatMoment}");
    }
}

/// <summary>A line of the list.</summary>
/// <param name="At">When.</param>
/// <param name="What">What happened, in words.</param>
/// <param name="Network">From where, if known.</param>
/// <param name="App">At which application, if any.</param>
internal sealed record ActivityEntry(DateTimeOffset At, string What, string? Network, string? App);
