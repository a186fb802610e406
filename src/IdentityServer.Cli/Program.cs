using IdentityServer.Cli.Shell;

return await Tool.RunAsync(args, ToolContext.OfProcess(), CancellationToken.None);
