using IdentityServer.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Support;

/// <summary>Passwords without the cost of hashing, for tests that sign in a hundred times and ask something else.</summary>
internal sealed class PlainHasher : IPasswordHasher
{
    private const string Prefix = "plain:";

    public static void Use(WebApplicationBuilder builder) => builder.Services.AddSingleton<IPasswordHasher, PlainHasher>();

    public Task<PasswordVerdict> VerifyAsync(string? storedHash, string password, string normalizedAddress, CancellationToken cancellationToken) =>
        Task.FromResult<PasswordVerdict>(storedHash == Prefix + password ? new PasswordVerdict.Right(NeedsRehash: false) : new PasswordVerdict.Wrong());

    public Task<string?> TryHashAsync(string password, CancellationToken cancellationToken) => Task.FromResult<string?>(Prefix + password);

    public Task<string> HashAsync(string password, CancellationToken cancellationToken) => Task.FromResult(Prefix + password);
}
