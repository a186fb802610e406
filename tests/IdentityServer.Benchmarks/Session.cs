using System.Collections.Concurrent;
using System.Diagnostics;
using IdentityServer.Benchmarks.Driving;
using IdentityServer.Benchmarks.Figures;
using IdentityServer.Benchmarks.Server;
using IdentityServer.TestSupport;

namespace IdentityServer.Benchmarks;

/// <summary>One run: makes installations, starts servers, measures one operation after the other.</summary>
internal sealed class Session(Plan plan, CancellationToken cancellationToken)
{
    private int _users;

    public async Task<Results> RunAsync()
    {
        using var unit = new SignatureUnit();
        var results = new Results(unit);
        await using var relay = new SmtpListener();
        if (plan.Wants(Plan.Start))
        {
            (results.FirstStart, results.NextStart) = await StartsAsync(relay);
        }

        using var installation = new Installation(relay);
        Console.Error.WriteLine("Importing accounts...");
        await installation.FillAsync(plan.WarmUpSignIns + plan.SignIns + (2 * plan.HashedSignIns) + ((6 + plan.Batches) * Plan.SignInBatch), cancellationToken);
        if (Plan.Names.Any(name => name is not (Plan.Start or Plan.HashedSignIn) && plan.Wants(name)))
        {
            await StartOnceAsync(installation);
            await using var server = ServerProcess.StartWithoutPasswordHash(installation);
            await server.AnswersAsync(cancellationToken);
            using var http = new Http(server.Address, installation.ClientSecret);
            await OperationsAsync(server, new RelyingParty(http, relay), new Load(server, unit, cancellationToken), results);
        }

        if (plan.Wants(Plan.HashedSignIn))
        {
            await using var server = ServerProcess.Start(installation);
            await server.AnswersAsync(cancellationToken);
            using var http = new Http(server.Address, installation.ClientSecret);
            var client = new RelyingParty(http, relay);
            var load = new Load(server, unit, cancellationToken);
            results.Operations.Insert(Math.Min(1, results.Operations.Count), await load.MeasureAsync(
                "whole sign-in with mail and password hash (Argon2id)", null, 5, plan.HashedSignIns / 5, _ => client.SignInAsync(NextUser())));
        }

        return results;
    }

    // An installation makes its keys and its own clients once: what is measured is a start as on any other day.
    private async Task StartOnceAsync(Installation installation)
    {
        await using var server = ServerProcess.StartWithoutPasswordHash(installation);
        await server.AnswersAsync(cancellationToken);
    }

    private async Task OperationsAsync(ServerProcess server, RelyingParty client, Load load, Results results)
    {
        Console.Error.WriteLine("Warming up...");
        await load.RunAsync(plan.WarmUpSignIns, _ => client.SignInAsync(NextUser()));
        if (plan.Wants(Plan.SignIn))
        {
            results.Operations.Add(await load.MeasureAsync(
                "whole sign-in with mail, no password hash", 25, plan.SignIns / Plan.SignInBatch, Plan.SignInBatch, _ => client.SignInAsync(NextUser())));
            var (own, resident) = server.Memory;
            results.Memory = new(plan.SignIns, own, resident);
        }

        if (plan.Wants(Plan.Steps))
        {
            await StepsAsync(client, load, results);
        }

        var grants = new ConcurrentQueue<Grant>();
        await load.RunAsync(Plan.Sessions, async _ => grants.Enqueue(await client.SignInAsync(NextUser())));
        if (plan.Wants(Plan.Exchange))
        {
            results.Operations.Add(await ExchangesAsync(client, load, [.. grants]));
        }

        if (plan.Wants(Plan.Refresh))
        {
            // A refresh token works once: who takes a grant puts its successor back.
            results.Operations.Add(await load.MeasureAsync(
                "refresh", 6, plan.Batches, 400, async _ => grants.Enqueue(await client.RefreshAsync(Next(grants)))));
        }

        var live = grants.ToArray();
        if (plan.Wants(Plan.UserInfo))
        {
            results.Operations.Add(await load.MeasureAsync("userinfo", 1.3, plan.Batches, 2000, index => client.UserInfoAsync(live[index % live.Length])));
        }

        if (plan.Wants(Plan.Introspection))
        {
            results.Operations.Add(await load.MeasureAsync("introspection", 1.5, plan.Batches, 2000, index => client.IntrospectAsync(live[index % live.Length])));
        }

        if (plan.Wants(Plan.Discovery))
        {
            results.Operations.Add(await load.MeasureAsync("discovery", null, plan.Batches, 3000, _ => client.DiscoverAsync()));
        }
    }

    // All take the first step, then all the second: each step's cost by itself, and less than within a sign-in, where caches are colder.
    private async Task StepsAsync(RelyingParty client, Load load, Results results)
    {
        var figures = client.Steps.Select(step => new Figure("sign-in: " + step.Name, null)).ToList();
        for (var batch = -2; batch < plan.Batches; batch++)
        {
            var walks = Enumerable.Range(0, Plan.SignInBatch).Select(_ => new Walk(NextUser())).ToArray();
            for (var step = 0; step < figures.Count; step++)
            {
                var takeAsync = client.Steps[step].TakeAsync;
                var measured = await load.RunAsync(walks.Length, index => takeAsync(walks[index]));
                if (batch >= 0)
                {
                    figures[step].Add(measured);
                }
            }

            load.MeasureUnit();
        }

        results.Operations.AddRange(figures);
    }

    // The codes are made before each batch and outside its figures; they live for a minute.
    private Task<Figure> ExchangesAsync(RelyingParty client, Load load, Grant[] signedIn)
    {
        var codes = new ConcurrentQueue<(string Code, Cookies Cookies)>();
        return load.MeasureAsync(
            "code exchange",
            8,
            plan.Batches,
            300,
            _ => codes.TryDequeue(out var next) ? client.ExchangeAsync(next.Code, next.Cookies) : throw new InvalidOperationException("No code is left."),
            count => load.RunAsync(count, async index =>
            {
                var cookies = signedIn[index % signedIn.Length].Cookies;
                codes.Enqueue((await client.AuthorizeAsync(cookies), cookies));
            }));
    }

    private async Task<(StartFigure First, StartFigure Next)> StartsAsync(SmtpListener relay)
    {
        var first = new List<StartFigure>();
        var next = new List<StartFigure>();
        for (var start = 0; start < plan.Starts; start++)
        {
            using var installation = new Installation(relay);
            first.Add(await StartAsync(installation));
            next.Add(await StartAsync(installation));
        }

        return (Middle(first), Middle(next));
    }

    private async Task<StartFigure> StartAsync(Installation installation)
    {
        var watch = Stopwatch.StartNew();
        await using var server = ServerProcess.Start(installation);
        await server.AnswersAsync(cancellationToken);
        return new(watch.Elapsed.TotalSeconds, server.CpuTime.TotalSeconds);
    }

    private static StartFigure Middle(List<StartFigure> starts) =>
        new(Median.Of(starts.Select(start => start.Seconds)), Median.Of(starts.Select(start => start.CpuSeconds)));

    private static Grant Next(ConcurrentQueue<Grant> grants) =>
        grants.TryDequeue(out var grant) ? grant : throw new InvalidOperationException("No grant is left.");

    // Each sign-in is another account's: an account is sent few mails an hour.
    private string NextUser() => Installation.Address(Interlocked.Increment(ref _users) - 1);
}
