using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.CommandLine;

/// <summary>A server in real time, and a person who is signed in to it at the tool: what most tests of the tool begin with.</summary>
public sealed class ToolStage : IAsyncLifetime
{
    internal World World { get; private set; } = null!;

    internal ToolRun Tool { get; } = new();

    internal string Email { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        World = await World.StartAsync(configure: setup => setup.Time = null); // the tool, and TLS, know no other time
        Email = await World.AddUserAsync();
        (await Login.RunAsync(Tool, World, Email)).ExitCode.ShouldBe(0);
    }

    public async ValueTask DisposeAsync()
    {
        Tool.Dispose();
        await World.DisposeAsync();
    }
}
