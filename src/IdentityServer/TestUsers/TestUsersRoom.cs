namespace IdentityServer.TestUsers;

/// <summary>Test users of clients and their mail, for the portal and the management API.</summary>
internal static class TestUsersRoom
{
    public static WebApplicationBuilder AddTestUsers(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<TestUserDirectory>().AddScoped<TestUserParts>().AddScoped<TestMailbox>();
        return builder;
    }
}
