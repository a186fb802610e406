using System.Globalization;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;

namespace IdentityServer.Cli.Clients;

/// <summary>The failures of a client as they come: each is handed on once, the oldest first.</summary>
internal sealed class FailureTail(ManagementApi api, string clientId, string? code)
{
    /// <summary>The most that the API gives at once.</summary>
    public const int Page = 50;

    // A server of several nodes, whose clocks are not quite the same, may come to know of an older failure after a younger one.
    private static readonly TimeSpan _late = TimeSpan.FromSeconds(5);

    private readonly string _path = ManagementApi.Client(clientId, $"/failures?limit={Page}{(code is null ? "" : $"&code={Uri.EscapeDataString(code)}")}");
    private readonly Dictionary<string, DateTimeOffset> _seen = new(StringComparer.Ordinal);

    // Nothing is new that is no later: it was there when this began, and more than fit on the page.
    private DateTimeOffset _floor = DateTimeOffset.MinValue;
    private DateTimeOffset? _newest;

    /// <summary>Whether the server has answered once.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>The last failures so far; whatever is older is never handed on.</summary>
    /// <param name="last">How many at most, up to <see cref="Page"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A document with the failures as its items, or why there is none.</returns>
    public async Task<ApiAnswer> BeginAsync(int last, CancellationToken cancellationToken)
    {
        var answer = await api.GetAsync(_path, cancellationToken);
        if (answer is not ApiAnswer.Done done)
        {
            return answer;
        }

        HasBegun = true;
        var found = Fresh(done);
        _floor = done.Document.Text("next") is not null && found.Count > 0 ? found[0].At : DateTimeOffset.MinValue;
        return Documents(found.TakeLast(last));
    }

    /// <summary>The failures that were not there before. After an answer that is none the next one has them too.</summary>
    /// <returns>A document with the failures as its items, or why there is none.</returns>
    public async Task<ApiAnswer> NextAsync(CancellationToken cancellationToken)
    {
        var since = _newest - _late;
        var answer = await api.ListAsync(
            since is { } moment ? $"{_path}&since={Uri.EscapeDataString(moment.UtcDateTime.ToString("O", CultureInfo.InvariantCulture))}" : _path, cancellationToken);
        if (answer is not ApiAnswer.Done done)
        {
            return answer;
        }

        var found = Fresh(done);
        foreach (var (reference, _) in _seen.Where(seen => seen.Value < since).ToList())
        {
            _seen.Remove(reference); // it will not be asked for again
        }

        return Documents(found);
    }

    private List<Failure> Fresh(ApiAnswer.Done done)
    {
        var fresh = new List<Failure>();
        foreach (var item in done.Document.Items().Reverse())
        {
            if (item.Text("reference") is { } reference
                && DateTimeOffset.TryParse(item.Text("at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                && at > _floor && _seen.TryAdd(reference, at))
            {
                fresh.Add(new(at, item));
                _newest = at > _newest ? at : _newest ?? at;
            }
        }

        return fresh;
    }

    private static ApiAnswer.Done Documents(IEnumerable<Failure> failures) =>
        new(new JsonObject { ["items"] = new JsonArray([.. failures.Select(failure => failure.Document.DeepClone())]) }, null);

    private readonly record struct Failure(DateTimeOffset At, JsonObject Document);
}
