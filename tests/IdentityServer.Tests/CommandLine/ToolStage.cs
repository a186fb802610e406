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

    /// <summary>Registers a client at the tool.</summary>
    /// <returns>Its identifier, and its secret if it has one.</returns>
    internal async Task<(string ClientId, string? Secret)> RegisterAsync(string kind, params string[] more)
    {
        string[] redirect = more.Contains("--redirect-uri") || kind == "machine" ? [] : ["--redirect-uri", "https://shop.example.com/cb"];
        var made = await Tool.RunAsync(["clients", "create", "--name", "Shop", "--kind", kind, "--json", .. redirect, .. more]);
        made.ExitCode.ShouldBe(0, made.Error);
        return (made.Json.GetProperty("client_id").GetString()!, made.Json.TryGetProperty("client_secret", out var secret) ? secret.GetString() : null);
    }

    public async ValueTask DisposeAsync()
    {
        Tool.Dispose();
        await World.DisposeAsync();
    }
}
