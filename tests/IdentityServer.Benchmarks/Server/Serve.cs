using IdentityServer.Users;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace IdentityServer.Benchmarks.Server;

/// <summary>
/// The real server, put together by the real program's own hand, except that checking a password costs
/// nothing. The difference is made here and by composition; the product has no such switch.
/// </summary>
internal static class Serve
{
    /// <summary>What the driver says to a process that is to be the server.</summary>
    public const string Verb = "serve";

    public static async Task RunAsync()
    {
        await using var app = IdentityServerHost.Build([], builder => builder.Services.AddSingleton<IPasswordHasher, NoWorkHasher>());
        await ((IHost)app).RunAsync();
    }

    /// <summary>Takes every password of an account that has one.</summary>
    private sealed class NoWorkHasher : IPasswordHasher
    {
        private static readonly PasswordVerdict _right = new PasswordVerdict.Right(NeedsRehash: false);
        private static readonly PasswordVerdict _wrong = new PasswordVerdict.Wrong();

        public Task<PasswordVerdict> VerifyAsync(string? storedHash, string password, string normalizedAddress, CancellationToken cancellationToken) =>
            Task.FromResult(storedHash is null ? _wrong : _right);

        public Task<string?> TryHashAsync(string password, CancellationToken cancellationToken) =>
            throw new NotSupportedException("Nothing here sets passwords.");

        public Task<string> HashAsync(string password, CancellationToken cancellationToken) =>
            throw new NotSupportedException("Nothing here sets passwords.");
    }
}
