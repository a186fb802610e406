using IdentityServer.Domain.Resources;
using IdentityServer.Languages;

namespace IdentityServer.Grants;

/// <summary>Scopes in words that a person understands.</summary>
internal static class ScopeWords
{
    /// <summary>
    /// The sentence for a scope: ours for a standard one; what its operator says of a resource's scope, in the language they wrote it in, and
    /// where; a scope that nobody describes is named as it is. Not encoded.
    /// </summary>
    public static string Of(Words words, ResourceDirectory resources, string scope)
    {
        if (scope is "openid" or "profile" or "email" or "address" or "phone" or "offline_access")
        {
            return words[$"scope.{scope}"];
        }

        return resources.OfScope(scope) is { } resource && resource.Scopes.FirstOrDefault(own => own.Name == scope) is { } described
            ? words.Say("scope.resource", ("resource", resource.Name), ("description", described.Description))
            : words.Say("scope.other", ("scope", scope));
    }
}
