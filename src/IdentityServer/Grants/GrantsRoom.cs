namespace IdentityServer.Grants;

internal static class GrantsRoom
{
    public static WebApplicationBuilder AddGrants(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<ConsentService>().AddScoped<ConsentParts>().AddScoped<ConnectedApps>().AddScoped<ConnectedAppsParts>();
        builder.Services.AddScoped<ClientFootprint>();
        return builder;
    }
}
