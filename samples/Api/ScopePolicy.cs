using Microsoft.AspNetCore.Authorization;

namespace Api;

internal static class ScopePolicy
{
    /// <summary>Demands a scope. The claim holds all of them in one text, separated by blanks (RFC 9068 §2.2.3).</summary>
    public static AuthorizationPolicyBuilder RequireScope(this AuthorizationPolicyBuilder policy, string scope) => policy
        .RequireAuthenticatedUser()
        .RequireAssertion(context => context.User.FindFirst("scope")?.Value.Split(' ').Contains(scope) == true);
}
