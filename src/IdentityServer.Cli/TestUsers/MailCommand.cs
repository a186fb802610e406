using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Clients;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.TestUsers;

/// <summary><c>test-users mail</c>: what was mailed to a test user.</summary>
internal static class MailCommand
{
    private const string More =
        """
        Newest first. --wait waits for a mail that is not there yet: the code of the sign-in that your test has just begun. --code
        prints the code of the newest mail and nothing else.

        Example, in a test:
          started=$(date -u +%Y-%m-%dT%H:%M:%SZ)
          ... enter address and password ...
          code=$(idsrv test-users mail shop-web "$user" --since "$started" --wait 30 --code)

        """ + "\n" + ExitCode.Help;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(500);

    private static readonly Argument<string> _client = ClientArgument.New();
    private static readonly Option<string> _since = new("--since") { Description = "Only what was sent then or later, as 2026-03-02T09:00:00Z.", HelpName = "moment" };
    private static readonly Option<int> _wait = new("--wait") { Description = "How long to wait for a mail, when there is none.", HelpName = "seconds" };
    private static readonly Option<bool> _code = new("--code") { Description = "Print the newest mail's code only." };

    public static Command Describe(ToolContext context)
    {
        var command = new ToolCommand("mail", "Reads the mail of a test user.", More) { _client, TestUserCommands.User, _since, _wait, _code };
        command.SetAction((parsed, cancellationToken) => RunAsync(new(context, parsed), cancellationToken));
        return command;
    }

    /// <summary>The mails of a test user, newest first, once there is one or the time is over.</summary>
    public static async Task<ApiAnswer> ReadAsync(
        ManagementApi api, TimeProvider clock, Mailbox mailbox, Func<JsonObject, bool> wanted, CancellationToken cancellationToken)
    {
        var since = mailbox.Since is { } moment ? $"?since={Uri.EscapeDataString(moment)}" : "";
        var path = ManagementApi.Client(mailbox.ClientId, $"/test-users/{Uri.EscapeDataString(mailbox.UserId)}/mails{since}");
        var started = clock.GetTimestamp();
        while (true)
        {
            var answer = await api.GetAsync(path, cancellationToken);
            if (answer is not ApiAnswer.Done done || done.Document.Items().Any(wanted) || clock.GetElapsedTime(started) >= mailbox.Patience)
            {
                return answer;
            }

            await Task.Delay(_pause, clock, cancellationToken);
        }
    }

    private static async Task<int> RunAsync(Invocation run, CancellationToken cancellationToken)
    {
        if (run.Value(_wait) is < 0 or > 600)
        {
            return await run.MisusedAsync("--wait is not a number from 0 to 600.");
        }

        if (run.Value(_since) is { } since && !DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, out _))
        {
            return await run.MisusedAsync("--since is no moment; write it as 2026-03-02T09:00:00Z.");
        }

        var onlyCode = run.Value(_code);
        using var api = run.OpenApi();
        var answer = await ReadAsync(
            api, run.Context.Clock, new(run.Value(_client), run.Value(TestUserCommands.User), run.Value(_since), TimeSpan.FromSeconds(run.Value(_wait))),
            mail => !onlyCode || mail.Text("code") is not null, cancellationToken);
        return answer is ApiAnswer.Done done ? await WriteAsync(run, done.Document, onlyCode) : await run.ComplainAsync(answer);
    }

    private static async Task<int> WriteAsync(Invocation run, JsonNode? document, bool onlyCode)
    {
        var mails = document.Items().ToArray();
        if (onlyCode)
        {
            if (mails.Select(mail => mail.Text("code")).FirstOrDefault(code => code is not null) is not { } code)
            {
                await run.Output.SayAsync("No mail with a code is there.");
                return ExitCode.Failed;
            }

            await (run.Output.Json ? run.Output.DocumentAsync(new JsonObject { ["code"] = code }) : run.Output.LineAsync(Printable.Of(code)));
            return ExitCode.Done;
        }

        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(document);
            return ExitCode.Done;
        }

        foreach (var mail in mails)
        {
            await run.Output.LineAsync($"{mail.Moment("at")}  {Printable.Of(mail.Text("subject"))}", Tone.Quiet);
            foreach (var line in (mail.Text("text") ?? "").TrimEnd().Split('\n'))
            {
                await run.Output.LineAsync("  " + Printable.Of(line.TrimEnd('\r')));
            }

            await run.Output.LineAsync();
        }

        if (mails.Length == 0)
        {
            await run.Output.SayAsync("No mail is there.");
        }

        return ExitCode.Done;
    }
}

/// <summary>Whose mail, from when on, and how long somebody waits for it.</summary>
internal sealed record Mailbox(string ClientId, string UserId, string? Since, TimeSpan Patience);
