using IdentityServer.Maintenance;

return await Verbs.RunAsync(args);
