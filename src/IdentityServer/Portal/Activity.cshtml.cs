using IdentityServer.Diagnostics;
using IdentityServer.Portal.Charts;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal;

/// <summary>What an application did lately: sign-ins, how far they come, what fails, and how fast we answer.</summary>
internal sealed class ActivityModel(ClientHistory history) : ClientPageModel
{
    private const int UsualSpan = 30;

    /// <summary>The spans that one may look at, in days.</summary>
    public static IReadOnlyList<int> Spans { get; } = [7, UsualSpan, 90];

    /// <summary>What was asked for.</summary>
    [BindProperty(SupportsGet = true, Name = "days")]
    public string? Days { get; set; }

    /// <summary>The span that is shown; what is none of ours shows the usual one.</summary>
    public int Span => Spans.FirstOrDefault(days => $"{days}" == Days, UsualSpan);

    /// <summary>What happened.</summary>
    public ActivityCharts Activity { get; private set; } = null!;

    public async Task OnGetAsync(CancellationToken cancellationToken) =>
        Activity = ActivityCharts.Of(Words.Words, await history.ActivityAsync(Client.Settings.Id, Span, cancellationToken), Kind);
}
