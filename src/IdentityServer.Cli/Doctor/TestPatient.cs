using System.Globalization;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;
using IdentityServer.Cli.TestUsers;

namespace IdentityServer.Cli.Doctor;

/// <summary>A test user that the doctor makes for a sign-in, and deletes afterwards.</summary>
internal sealed class TestPatient(ToolContext context, ManagementApi api, string clientId)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private string? _id;
    private string? _madeAt;

    public string Email { get; private set; } = "";

    public string Password { get; private set; } = "";

    /// <summary>Makes it.</summary>
    /// <returns>Null when it is there; else what came instead.</returns>
    public async Task<ApiAnswer?> MakeAsync(CancellationToken cancellationToken)
    {
        var answer = await api.SendAsync(
            HttpMethod.Post, ManagementApi.Client(clientId, "/test-users"), new(new JsonObject { ["name"] = "doctor" }), cancellationToken);
        if (answer is not ApiAnswer.Done { Document: var user } || user.Text("user_id") is not { } id)
        {
            return answer;
        }

        (_id, _madeAt, Email, Password) = (id, user.Text("created_at"), user.Text("email") ?? "", user.Text("password") ?? "");
        return null;
    }

    /// <summary>Waits for the code that was mailed to it.</summary>
    /// <returns>Null when none came.</returns>
    public async Task<string?> CodeAsync(CancellationToken cancellationToken)
    {
        var answer = await MailCommand.ReadAsync(
            api, context.Clock, new(clientId, _id!, _madeAt, _patience), mail => mail.Text("code") is not null, cancellationToken);
        return answer is ApiAnswer.Done done ? done.Document.Items().Select(mail => mail.Text("code")).FirstOrDefault(code => code is not null) : null;
    }

    /// <summary>Deletes it, also when the person has stopped the tool.</summary>
    /// <returns>False when it could not be deleted.</returns>
    public async Task<bool> DeleteAsync() =>
        _id is null || await api.DeleteAsync(ManagementApi.Client(clientId, $"/test-users/{_id}"), CancellationToken.None) is ApiAnswer.Done;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"test user {_id}");
}
