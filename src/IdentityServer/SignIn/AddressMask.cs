namespace IdentityServer.SignIn;

/// <summary>Shows enough of an address that its owner knows it, and no more.</summary>
internal static class AddressMask
{
    /// <summary>For example <c>a•••@example.com</c>.</summary>
    public static string Of(string address)
    {
        var at = address.LastIndexOf('@');
        return at < 1 ? "•••" : $"{address[0]}•••{address[at..]}";
    }
}
