using System.Diagnostics;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.CommandLine;

/// <summary>Stands in for the system's browser: the tool starts a program that BROWSER names, and the address that it is given is opened here.</summary>
internal static class Login
{
    private const string Script = "#!/bin/sh\nprintf '%s' \"$1\" > \"$(dirname \"$0\")/asked\"\n";

    /// <summary>Runs <c>idsrv login</c>, and signs in where it leads.</summary>
    public static Task<ToolAnswer> RunAsync(ToolRun tool, World world, string email, params string[] more) => RunAsync(
        tool, world,
        async (browser, address) => (await browser.SignInAsync(address.PathAndQuery, email)).Location.ShouldNotBeNull(),
        more);

    /// <summary>Runs <c>idsrv login</c>, and goes where a person does.</summary>
    /// <param name="tool">The machine.</param>
    /// <param name="world">The server.</param>
    /// <param name="visit">What the person does with the address that opens; returns where the browser goes afterwards.</param>
    /// <param name="more">More of the command line.</param>
    public static async Task<ToolAnswer> RunAsync(ToolRun tool, World world, Func<Browser, Uri, Task<Uri>> visit, params string[] more)
    {
        var asked = Path.Combine(tool.Directory, "asked");
        File.Delete(asked);
        using (var pipe = Process.Start("mkfifo", [asked]))
        {
            await pipe.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var script = Path.Combine(tool.Directory, "browser");
        await File.WriteAllTextAsync(script, Script, TestContext.Current.CancellationToken);
        ToolRun.MakeProgram(script);
        tool.Variables["BROWSER"] = script;

        using var stop = new CancellationTokenSource();
        var running = tool.RunAsync(["login", "--server", world.Server.Address.AbsoluteUri, .. more], cancellationToken: stop.Token);
        var opened = Task.Run(() => File.ReadAllTextAsync(asked, TestContext.Current.CancellationToken));
        if (await Task.WhenAny(running, opened) == running)
        {
            return await running; // it did not come to a browser
        }

        try
        {
            var back = await visit(world.OpenBrowser(), new(await opened));
            using var http = new HttpClient();
            using var page = await http.GetAsync(back, TestContext.Current.CancellationToken);
            return await running;
        }
        finally
        {
            await stop.CancelAsync();
        }
    }
}
