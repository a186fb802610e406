using System.CommandLine;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Clients;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.TestUsers;

/// <summary><c>test-users list</c>, <c>create</c> and <c>delete</c>.</summary>
internal static class TestUserCommands
{
    private const string Create =
        """
        A test user signs in to this one client, with password and code like anybody. Its mail never leaves the server: read it
        with idsrv test-users mail. The password is shown this once, and made up when you give none.

        Example:
          idsrv test-users create shop-web --name ci

        """ + "\n" + ExitCode.Help;

    private static readonly Argument<string> _client = ClientArgument.New();
    private static readonly Option<string> _name = new("--name") { Description = "What it is called; stands in its address.", HelpName = "text" };

    /// <summary>Names a test user of a client.</summary>
    public static Argument<string> User { get; } = new("USER") { Description = "Its id, as list has it." };

    public static Command DescribeList(ToolContext context)
    {
        var command = new ToolCommand("list", "Lists a client's test users.") { _client };
        command.SetAction((parsed, cancellationToken) => ListAsync(new(context, parsed), cancellationToken));
        return command;
    }

    public static Command DescribeCreate(ToolContext context)
    {
        var command = new ToolCommand("create", "Makes a test user.", Create) { _client, _name };
        command.SetAction((parsed, cancellationToken) => CreateAsync(new(context, parsed), cancellationToken));
        return command;
    }

    public static Command DescribeDelete(ToolContext context)
    {
        var command = new ToolCommand("delete", "Deletes a test user, its sessions and its mail.") { _client, User, DeleteCommand.Yes };
        command.SetAction((parsed, cancellationToken) => DeleteAsync(new(context, parsed), cancellationToken));
        return command;
    }

    private static async Task<int> ListAsync(Invocation run, CancellationToken cancellationToken)
    {
        using var api = run.OpenApi();
        var answer = await api.ListAsync(ManagementApi.Client(run.Value(_client), "/test-users"), cancellationToken);
        if (answer is not ApiAnswer.Done done)
        {
            return await run.ComplainAsync(answer);
        }

        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(done.Document);
            return ExitCode.Done;
        }

        await run.Output.TableAsync(
            ["id", "email", "created"],
            [.. done.Document.Items().Select(user => (string?[])[user.Text("user_id"), user.Text("email"), user.Moment("created_at")])]);
        return ExitCode.Done;
    }

    private static async Task<int> CreateAsync(Invocation run, CancellationToken cancellationToken)
    {
        using var api = run.OpenApi();
        var wish = new JsonObject { ["name"] = run.Value(_name) ?? "test" };
        var answer = await api.SendAsync(HttpMethod.Post, ManagementApi.Client(run.Value(_client), "/test-users"), new(wish), cancellationToken);
        if (answer is not ApiAnswer.Done done)
        {
            return await run.ComplainAsync(answer);
        }

        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(done.Document);
            return ExitCode.Done;
        }

        await run.Output.FactsAsync(
            ("id", done.Document.Text("user_id")), ("email", done.Document.Text("email")), ("password", done.Document.Text("password")));
        await run.Output.SayAsync("The password is not shown again.");
        return ExitCode.Done;
    }

    private static async Task<int> DeleteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var user = run.Value(User);
        if (await run.ConfirmAsync($"Delete the test user {Printable.Of(user)}?", run.Value(DeleteCommand.Yes), cancellationToken) is { } no)
        {
            return no;
        }

        using var api = run.OpenApi();
        var answer = await api.DeleteAsync(ManagementApi.Client(run.Value(_client), $"/test-users/{Uri.EscapeDataString(user)}"), cancellationToken);
        if (answer is not ApiAnswer.Done)
        {
            return await run.ComplainAsync(answer);
        }

        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(new JsonObject { ["user_id"] = user, ["deleted"] = true });
        }
        else
        {
            await run.Output.LineAsync($"Deleted {Printable.Of(user)}.");
        }

        return ExitCode.Done;
    }
}
