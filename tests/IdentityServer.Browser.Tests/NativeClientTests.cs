using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using IdentityServer.Tests.Support;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>samples/NativeClient as a program of its own, with a person at a browser beside it.</summary>
public sealed partial class NativeClientTests(Chromium chromium, Stage stage)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_signs_in_by_the_browser_reads_the_claims_in_the_console_and_signs_out()
    {
        await using var context = await chromium.OpenAsync(Screen.Desktop);
        await stage.StartAsync();
        var person = await stage.AddPersonAsync();
        var page = await context.NewPageAsync();
        await using var program = new NativeProgram(stage.Server.Address, "--refresh");

        await page.GotoAsync(await program.AddressAfterAsync("Sign in at:"));
        await page.EnterPasswordAsync(person);
        await page.EnterCodeAsync(await stage.NextCodeAsync(person));
        await page.Button("Allow").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading)).ToContainTextAsync("You are signed in.");
        new Uri(page.Url).Host.ShouldBe("127.0.0.1");
        await page.InspectAsync("native-signed-in", Screen.Desktop);

        await program.LineAsync("Press Enter to sign out");
        var claims = program.Section("Claims of the id_token");
        claims["iss"].ShouldBe(stage.Server.Address.AbsoluteUri);
        claims["aud"].ShouldBe("native");
        claims["sub"].ShouldBe(person.Id.ToString("D"));
        claims.ShouldContainKey("auth_time");
        var userinfo = program.Section("Userinfo");
        userinfo["email"].ShouldBe(person.Email);
        userinfo["name"].ShouldBe("Ada Lovelace");
        program.Lines.ShouldContain(line => RefreshLine().IsMatch(line));

        program.Type("");
        await page.GotoAsync(await program.AddressAfterAsync("Sign out at:"));
        await Assertions.Expect(page.GetByRole(AriaRole.Heading)).ToContainTextAsync("You are signed out.");
        (await program.ExitAsync()).ShouldBe(0);

        // At the provider too: another sign-in asks for the password again.
        await using var again = new NativeProgram(stage.Server.Address);
        await page.GotoAsync(await again.AddressAfterAsync("Sign in at:"));
        await Assertions.Expect(page.Address()).ToBeVisibleAsync();
    }

    [Fact]
    public async Task An_answer_that_was_not_asked_for_is_turned_away_and_a_refusal_is_told()
    {
        await using var context = await chromium.OpenAsync(Screen.Desktop);
        await stage.StartAsync();
        var person = await stage.AddPersonAsync();
        var page = await context.NewPageAsync();
        await using var program = new NativeProgram(stage.Server.Address);

        await page.GotoAsync(await program.AddressAfterAsync("Sign in at:"));
        await page.EnterPasswordAsync(person);
        await page.EnterCodeAsync(await stage.NextCodeAsync(person));
        await Assertions.Expect(page.Button("Don't allow")).ToBeVisibleAsync();

        using var http = new HttpClient();
        var forged = new Uri(program.Listens(), "/?code=stolen&state=guessed");
        (await http.GetAsync(forged, Cancel)).StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);

        await page.Button("Don't allow").ClickAsync();
        (await program.ExitAsync()).ShouldBe(1);
        program.Lines.ShouldContain(line => line.StartsWith("Not signed in: access_denied", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_provider_it_says_how_to_start_one()
    {
        await using var program = new NativeProgram(new Uri($"http://localhost:{TestSupport.FreePort.Find()}"));

        (await program.ExitAsync()).ShouldBe(1);
        program.Lines.ShouldContain(line => line.Contains("dotnet run --project src/IdentityServer", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^Refreshed: the access token lasted until .*Z, the new one lasts until .*Z\.$")]
    private static partial Regex RefreshLine();

    /// <summary>The program, without a browser of its own.</summary>
    private sealed class NativeProgram : IAsyncDisposable
    {
        private const string Waiting = "Waiting for the answer at ";

        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

        private readonly Process _process;
        private readonly ConcurrentQueue<string> _lines = new();

        public NativeProgram(Uri authority, params string[] arguments)
        {
            string[] all = [Repository.Built("samples/NativeClient", "NativeClient.dll"), "--no-browser", "--authority", authority.AbsoluteUri, .. arguments];
            _process = Process.Start(new ProcessStartInfo("dotnet", all)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            _process.OutputDataReceived += Keep;
            _process.ErrorDataReceived += Keep;
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        public IReadOnlyList<string> Lines => [.. _lines];

        public void Type(string line) => _process.StandardInput.WriteLine(line);

        /// <summary>Waits for a line that begins so; returns where it stands.</summary>
        public async Task<int> LineAsync(string beginning)
        {
            var found = -1;
            await UntilAsync($"no line \"{beginning}\"", () => (found = Lines.ToList().FindIndex(line => line.StartsWith(beginning, StringComparison.Ordinal))) >= 0);
            return found;
        }

        /// <summary>The address on the line after.</summary>
        public async Task<string> AddressAfterAsync(string heading)
        {
            var at = await LineAsync(heading);
            await UntilAsync($"nothing after \"{heading}\"", () => Lines.Count > at + 1);
            return Lines[at + 1];
        }

        /// <summary>What stands below a heading, by name.</summary>
        public Dictionary<string, string> Section(string heading) => Lines
            .SkipWhile(line => line != heading).Skip(1).TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal))
            .Select(line => line.Trim().Split(": ", 2))
            .GroupBy(pair => pair[0], StringComparer.Ordinal)
            .ToDictionary(claims => claims.Key, claims => string.Join(' ', claims.Select(pair => pair[1])), StringComparer.Ordinal);

        /// <summary>Where it takes answers.</summary>
        public Uri Listens() => new(Lines.First(line => line.StartsWith(Waiting, StringComparison.Ordinal))[Waiting.Length..]);

        public async Task<int> ExitAsync()
        {
            await _process.WaitForExitAsync(Cancel).WaitAsync(Patience, Cancel);
            return _process.ExitCode;
        }

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync();
            }

            _process.Dispose();
        }

        // The program is a process of its own, with its own clock: real time, and one that hangs or ends fails the test.
        private async Task UntilAsync(string otherwise, Func<bool> condition)
        {
            var waited = Stopwatch.StartNew();
            while (!condition())
            {
                (waited.Elapsed < Patience && !_process.HasExited).ShouldBeTrue($"{otherwise} in:\n{string.Join('\n', Lines)}");
                await Task.Delay(TimeSpan.FromMilliseconds(50), Cancel);
            }
        }

        private void Keep(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is { } text)
            {
                _lines.Enqueue(text);
            }
        }
    }
}
