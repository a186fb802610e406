using System.Text.Json.Nodes;
using System.Web;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Doctor;

/// <summary>Finds out why a step failed: what the page or the redirect says, and what the server has written into the client's log.</summary>
internal sealed class Diagnosis
{
    // The server writes the log beside its work, a moment later.
    private const int Tries = 10;
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(300);

    private readonly ToolContext _context;
    private readonly ManagementApi _api;
    private readonly Report _report;
    private readonly string _path;
    private string? _known;

    private Diagnosis(ToolContext context, ManagementApi api, Report report, string clientId) =>
        (_context, _api, _report, _path) = (context, api, report, ManagementApi.Client(clientId, "/failures?limit=1"));

    /// <summary>Begins: what is in the log by now has other causes.</summary>
    public static async Task<Diagnosis> BeginAsync(ToolContext context, ManagementApi api, Report report, string clientId, CancellationToken cancellationToken)
    {
        var diagnosis = new Diagnosis(context, api, report, clientId);
        diagnosis._known = (await diagnosis.NewestAsync(cancellationToken)).Text("reference");
        return diagnosis;
    }

    /// <summary>Adds what a page, or a redirect, says instead of going on.</summary>
    public Task AddAsync(string check, WalkRequest request, Page page, CancellationToken cancellationToken)
    {
        var answer = page.Location is { } location ? HttpUtility.ParseQueryString(location.Query) : [];
        var said = page.Location is null ? $"The page says: {page.Alert ?? page.Heading}"
            : answer["error"] is { } error ? $"The browser is sent back with {error}: {answer["error_description"]}"
            : $"The browser is sent to {page.Location.GetLeftPart(UriPartial.Path)}, and not to {request.RedirectUri} with code, state and iss.";
        return AddAsync(check, said, cancellationToken);
    }

    /// <summary>Adds a problem, with what the server knows of it.</summary>
    public async Task AddAsync(string check, string said, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var failure = await NewestAsync(cancellationToken);
            if (failure.Text("reference") is { } reference && reference != _known)
            {
                _known = reference;
                await _report.AddAsync(Finding.Problem(
                    check, $"{said} ({failure.Text("code")}: {failure.Text("sentence")})", failure.Text("mend") ?? "See docs/errors.md for this code."));
                return;
            }

            if (attempt == Tries)
            {
                await _report.AddAsync(Finding.Problem(check, said, "idsrv clients logs may say more."));
                return;
            }

            await Task.Delay(_pause, _context.Clock, cancellationToken);
        }
    }

    private async Task<JsonNode?> NewestAsync(CancellationToken cancellationToken) =>
        await _api.GetAsync(_path, cancellationToken) is ApiAnswer.Done done ? done.Document.Items().FirstOrDefault() : null;
}
