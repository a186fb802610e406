using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using IdentityServer.Egress;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Egress;

/// <summary>What a request says of us, and how little an answer can cost us.</summary>
public sealed class EgressExchangeTests
{
    private const string Proxied = nameof(A_client_on_the_open_internet_is_asked);

    public static TheoryData<string, string> TypesThatDo => new()
    {
        { "key-set", "application/json" },
        { "key-set", "application/jwk-set+json" },
        { "key-set", "Application/JSON; charset=utf-8" },
        { "request-object", "application/oauth-authz-req+jwt" },
        { "request-object", "application/jwt" },
        { "request-object", "text/plain; charset=utf-8" },
        { "request-object", "application/octet-stream" },
        { "sector", "application/json" },
        { "logo", "image/png" },
        { "logo", "image/webp" },
        { "logo", "image/jpeg" },
    };

    public static TheoryData<string, string> TypesThatDoNot => new()
    {
        { "key-set", "text/html" },
        { "key-set", "text/plain" },
        { "key-set", "" },
        { "key-set", "no type at all" },
        { "request-object", "text/html" },
        { "sector", "application/jwk-set+json" },
        { "logo", "image/svg+xml" },
        { "logo", "text/html" },
        { "logo", "image/gif" },
    };

    [Fact]
    public async Task A_client_on_the_open_internet_is_asked()
    {
        await using var stage = await EgressStage.OpenAsync(ClientSite.Answer("""{"keys":[]}"""));

        var answer = (await stage.GetAsync()).ShouldBeOfType<EgressAnswer.Answered>();

        answer.Status.ShouldBe(200);
        answer.MediaType.ShouldBe("application/json");
        Encoding.UTF8.GetString(answer.Body).ShouldBe("""{"keys":[]}""");
    }

    [Fact]
    public async Task A_proxy_in_the_environment_is_not_asked()
    {
        // The framework reads these variables once for a process, so that they are tried on another one.
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        var there = $"http://127.0.0.1:{((IPEndPoint)proxy.LocalEndpoint).Port}";
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "IdentityServer.Tests.exe" : "IdentityServer.Tests"),
            ["-method", $"{typeof(EgressExchangeTests).FullName}.{Proxied}", "-noColor"])
        { RedirectStandardOutput = true };
        foreach (var name in new[] { "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy" })
        {
            start.Environment[name] = there;
        }

        start.Environment.Remove("NO_PROXY");
        start.Environment.Remove("no_proxy");
        using var process = Process.Start(start)!;
        var reading = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await Task.WhenAny(process.WaitForExitAsync(TestContext.Current.CancellationToken), Task.Delay(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        if (!process.HasExited)
        {
            process.Kill();
        }

        var said = await reading;
        said.ShouldContain("Total: 1");
        process.ExitCode.ShouldBe(0, said);
        proxy.Pending().ShouldBeFalse();
    }

    [Fact]
    public async Task A_request_says_what_is_wanted_and_nothing_of_us_or_of_the_last_one()
    {
        var seen = new List<string>();
        await using var stage = await EgressStage.OpenAsync(context =>
        {
            seen.Add(string.Join("\n", context.Request.Headers.OrderBy(header => header.Key, StringComparer.Ordinal).Select(header => $"{header.Key}: {header.Value}")));
            context.Response.Headers.SetCookie = "track=us; Path=/";
            return ClientSite.Answer("{}")(context);
        });
        using var tracing = new Activity("a sign-in").Start();

        await stage.GetAsync();
        await stage.GetAsync();

        seen.ShouldBe(Enumerable.Repeat("""
            Accept: application/json, application/jwk-set+json
            Accept-Encoding: identity
            Connection: close
            Host: client.example.com
            User-Agent: IdentityServer
            """, 2));
    }

    [Theory]
    [MemberData(nameof(TypesThatDo))]
    public async Task A_body_of_the_wanted_type_is_taken(string rules, string type)
    {
        await using var stage = await EgressStage.OpenAsync(ClientSite.Answer("{}", type));

        var answer = (await stage.GetAsync(rules: Named(rules))).ShouldBeOfType<EgressAnswer.Answered>();

        Named(rules).MediaTypes.ShouldContain(answer.MediaType!);
    }

    [Theory]
    [MemberData(nameof(TypesThatDoNot))]
    public async Task A_body_of_another_type_is_not_taken(string rules, string type)
    {
        await using var stage = await EgressStage.OpenAsync(ClientSite.Answer("{}", type));

        (await stage.GetAsync(rules: Named(rules))).ShouldBeOfType<EgressAnswer.Failed>().Reason.ShouldContain(Named(rules).MediaTypes[0]);
    }

    [Theory]
    [InlineData(201)]
    [InlineData(204)]
    [InlineData(304)]
    [InlineData(404)]
    [InlineData(500)]
    public async Task A_document_comes_with_the_status_200(int status)
    {
        await using var stage = await EgressStage.OpenAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            return Task.CompletedTask;
        });

        (await stage.GetAsync()).ShouldBeOfType<EgressAnswer.Failed>().Reason.ShouldContain($"{status}");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_may_be_as_large_as_the_rules_say_and_no_larger(bool announced)
    {
        var size = EgressRules.KeySet.LargestBody;
        await using var stage = await EgressStage.OpenAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = announced ? size : null;
            await context.Response.StartAsync();
            await context.Response.WriteAsync(new string('x', size));
        });

        (await stage.GetAsync()).ShouldBeOfType<EgressAnswer.Answered>().Body.Length.ShouldBe(size);
        size++;
        (await stage.GetAsync()).ShouldBe(new EgressAnswer.Failed("its answer is larger than 64 KB"));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", "its answer is larger than 64 KB")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Long: ", "the headers of its answer are larger than 16 KB")]
    [InlineData("HTTP/1.1 404 Not Found\r\n\r\n", "it answered with the status 404")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "it redirects (status 302), and redirects are not followed: register the address that it leads to")]
    public async Task An_answer_without_an_end_is_cut(string begins, string reason)
    {
        var answer = new StagedAnswer(begins, endless: true);

        (await answer.Client(new FakeTimeProvider()).GetAsync(StagedAnswer.Address, EgressRules.KeySet, TestContext.Current.CancellationToken)).ShouldBe(new EgressAnswer.Failed(reason));

        answer.Taken.ShouldBeLessThan(128 * 1024);
        answer.Closed.ShouldBeTrue();
    }

    [Fact]
    public async Task A_small_body_that_grows_when_it_is_unpacked_is_not_unpacked()
    {
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            await gzip.WriteAsync(new byte[10 * 1024 * 1024], TestContext.Current.CancellationToken);
        }

        await using var stage = await EgressStage.OpenAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.Headers.ContentEncoding = "gzip";
            await context.Response.Body.WriteAsync(packed.ToArray());
        });

        (await stage.GetAsync()).ShouldBe(new EgressAnswer.Failed("its answer is compressed, although it was asked for as it is"));
    }

    [Fact]
    public async Task Headers_without_an_end_are_cut()
    {
        await using var stage = await EgressStage.OpenAsync(context =>
        {
            context.Response.Headers["X-Long"] = new string('x', 17 * 1024);
            return ClientSite.Answer("{}")(context);
        });

        (await stage.GetAsync()).ShouldBe(new EgressAnswer.Failed("the headers of its answer are larger than 16 KB"));
    }

    [Theory]
    [InlineData("name")]
    [InlineData("connection")]
    [InlineData("headers")]
    [InlineData("body")]
    public async Task Whatever_takes_the_time_all_of_it_has_five_seconds(string slow)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        async Task HangAsync(string where, CancellationToken ct)
        {
            if (where == slow)
            {
                reached.TrySetResult();
                await Task.Delay(Timeout.Infinite, ct);
            }
        }

        await using var stage = await EgressStage.OpenAsync(async context =>
        {
            await HangAsync("headers", context.RequestAborted);
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("{");
            await context.Response.Body.FlushAsync();
            await HangAsync("body", context.RequestAborted);
        });
        stage.Network.Resolving = ct => HangAsync("name", ct);
        stage.Network.Connecting = (_, ct) => HangAsync("connection", ct);

        var asking = stage.GetAsync();
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        stage.Clock.Advance(TimeSpan.FromSeconds(4.9));
        asking.IsCompleted.ShouldBeFalse();
        stage.Clock.Advance(TimeSpan.FromSeconds(0.1));

        (await asking.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).ShouldBe(new EgressAnswer.Failed("it took longer than 5 seconds"));
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_not_told_a_reason()
    {
        using var caller = new CancellationTokenSource();
        await using var stage = await EgressStage.OpenAsync();
        stage.Network.Resolving = async ct =>
        {
            await caller.CancelAsync();
            ct.ThrowIfCancellationRequested();
        };

        await Should.ThrowAsync<OperationCanceledException>(() => stage.Client.GetAsync(new Uri($"https://{ClientSite.Host}/"), EgressRules.KeySet, caller.Token));
    }

    [Fact]
    public async Task A_connection_that_breaks_off_in_the_middle_gives_no_half_document()
    {
        await using var stage = await EgressStage.OpenAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("""{"keys":[]}""");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });

        (await stage.GetAsync()).ShouldBe(new EgressAnswer.Failed("the connection broke before the answer was whole"));
    }

    private static EgressRules Named(string name) =>
        new[] { EgressRules.KeySet, EgressRules.RequestObject, EgressRules.Sector, EgressRules.Logo }.Single(rules => rules.Name == name);
}
