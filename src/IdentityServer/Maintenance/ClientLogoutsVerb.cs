using System.CommandLine;
using System.Globalization;
using IdentityServer.Protocol.LogoutNotifications;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Maintenance;

/// <summary><c>clients logouts</c>: whether a client hears of it when people sign out.</summary>
internal static class ClientLogoutsVerb
{
    private const int Usual = 20;
    private const int Most = 1_000;

    private const string More =
        """
        A client with a backchannel_logout_uri is told of the end of each session in which it took part (OpenID Connect
        Back-Channel Logout 1.0). One line for each notice, newest first:
          enqueued   when the session ended, in UTC
          jti        names the notice; the client's own log has it too, and every attempt carries the same
          state      waiting, delivered (any 2xx), retried, refused (the client answered 400, or our egress rules forbid
                     its address: neither is tried again), or given up (24 hours without success, or no address any more)
          failures   attempts that failed
          next try   in UTC; after 5 seconds first, then less and less often, each hour in the end
          last reply what came of the last attempt

        Notices are kept for a week after their 24 hours.

        Example:
          IdentityServer clients logouts --client-id shop-web

        Exit codes:
          0    listed; there may be none
          1    no client has this identifier
          2    the command line or the configuration is wrong
          3    it failed
        """;

    public static Command Describe(VerbConsole console, VerbHost host)
    {
        var clientId = new Option<string>("--client-id") { Description = "The client.", HelpName = "identifier", Required = true };
        var last = new Option<int>("--last")
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"How many at most; {Usual} when left out."),
            HelpName = "number",
            DefaultValueFactory = _ => Usual,
        };
        last.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > Most))
            {
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"--last is not a number from 1 to {Most}."));
            }
        });
        var verb = new Verb("logouts", "Lists the notices that a client was sent when people signed out.", More) { clientId, last };
        verb.SetAction((parsed, cancellationToken) =>
            RunAsync(console, host, parsed.GetRequiredValue(clientId), parsed.GetValue(last), cancellationToken));
        return verb;
    }

    private static async Task<int> RunAsync(VerbConsole console, VerbHost host, string clientId, int last, CancellationToken cancellationToken)
    {
        await using var app = await host.OpenAsync(cancellationToken);
        await using var scope = app.Services.CreateAsyncScope();
        if (await scope.ServiceProvider.GetRequiredService<LogoutHistory>().OfAsync(clientId, last, cancellationToken) is not { } notices)
        {
            await console.Error.WriteLineAsync("No client has this identifier. Look for a typing mistake.");
            return ExitCode.Refused;
        }

        await console.Error.WriteLineAsync(notices.Address is { } address
            ? $"Notices go to {address}"
            : "No backchannel_logout_uri is registered: nothing is sent.");
        await console.Out.WriteLineAsync(Line("enqueued", "jti", "state", "failures", "next try", "last reply"));
        foreach (var notice in notices.Last)
        {
            await console.Out.WriteLineAsync(Line(
                Moment(notice.CreatedAt), notice.Id.ToString("N"), StateOf(notice),
                notice.Failures.ToString(CultureInfo.InvariantCulture), Moment(notice.DueAt), notice.LastReply ?? "-"));
        }

        return ExitCode.Done;
    }

    private static string Line(string enqueued, string jti, string state, string failures, string next, string reply) =>
        string.Create(CultureInfo.InvariantCulture, $"{enqueued,-20}  {jti,-32}  {state,-9}  {failures,8}  {next,-20}  {reply}");

    private static string Moment(DateTimeOffset? moment) =>
        moment?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-";

    private static string StateOf(OutboxMessage notice) => notice.State switch
    {
        DeliveryState.Queued => "waiting",
        DeliveryState.HandedOver => "delivered",
        DeliveryState.Deferred => "retried",
        DeliveryState.Refused => "refused",
        DeliveryState.Abandoned => "given up",
        _ => throw new ArgumentOutOfRangeException(nameof(notice), notice.State, "There is no such state."),
    };
}
