using IdentityServer.Languages;

namespace IdentityServer.Grants;

/// <summary>Scopes in words that a person understands.</summary>
internal static class ScopeWords
{
    /// <summary>The sentence for a scope; a scope without one is named as it is.</summary>
    public static string Of(Words words, string scope) => scope is "openid" or "profile" or "email" or "address" or "phone" or "offline_access"
        ? words[$"scope.{scope}"]
        : words.Say("scope.other", ("scope", scope));
}
