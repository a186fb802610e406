using IdentityServer.Benchmarks;

return await BenchmarkCommand.Describe().Parse(args).InvokeAsync();
