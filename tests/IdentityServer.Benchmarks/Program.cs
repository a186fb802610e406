using IdentityServer.Benchmarks;
using IdentityServer.Benchmarks.Server;

// What is measured carries nothing of the driver's, not even its command line.
if (args is [Serve.Verb])
{
    await Serve.RunAsync();
    return 0;
}

return await BenchmarkCommand.Describe().Parse(args).InvokeAsync();
