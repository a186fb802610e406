namespace IdentityServer.Sessions;

internal static class SessionsRoom
{
    public static WebApplicationBuilder AddSessions(this WebApplicationBuilder builder)
    {
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddScoped<SessionReader>().AddScoped<SessionIssuer>().AddScoped<SessionEnder>().AddScoped<SessionEnderParts>();
        return builder;
    }
}
