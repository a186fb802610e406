using System.Net;
using IdentityServer.SignIn;
using IdentityServer.Storage;
using IdentityServer.Storage.Operations;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace IdentityServer.Tests.SignIn;

public sealed class PasswordThrottleTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_known_browsers_cookie_is_opened_for_unknown_addresses_as_for_known_ones()
    {
        await using var world = await World.StartAsync();
        var owner = Guid.NewGuid();
        var counting = new CountingProtection();
        var http = new HttpContextAccessor { HttpContext = WithCookieOf(owner, counting) };
        async Task<(PasswordTicket Ticket, int Opened)> SpendAsync(Guid? user)
        {
            var before = counting.Unprotected;
            var ticket = await world.Server.InScopeAsync(services => new PasswordThrottle(
                services.GetRequiredService<CounterOperations>(), services.GetRequiredService<UnitOfWork>(), new KnownBrowser(counting, http), world.Clock)
                .SpendAsync($"{user:N}@example.com", user, "192.0.2.1", Cancel));
            return (ticket, counting.Unprotected - before);
        }

        var known = await SpendAsync(owner);
        var other = await SpendAsync(Guid.NewGuid());
        var unknown = await SpendAsync(null);

        known.Ticket.Lane!.ShouldStartWith("passwords/known/");
        other.Ticket.Lane!.ShouldStartWith("passwords/account/");
        unknown.Ticket.Lane!.ShouldStartWith("passwords/account/");
        known.Opened.ShouldBe(1);
        other.Opened.ShouldBe(known.Opened);
        unknown.Opened.ShouldBe(known.Opened);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_network_that_is_refused_leaves_no_row_for_each_address_that_it_tries(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        for (var attempt = 0; attempt < 40; attempt++)
        {
            await world.Server.InScopeAsync(services => services.GetRequiredService<PasswordThrottle>()
                .SpendAsync($"somebody-{attempt}@example.com", null, "192.0.2.77", Cancel));
        }

        (await world.ReadAsync(db => db.Counters.CountAsync(counter => counter.Key.StartsWith("passwords/account/"), Cancel))).ShouldBe(20);

        // What an account's own limit refuses is not charged to the network beside it.
        for (var attempt = 0; attempt < 30; attempt++)
        {
            await world.Server.InScopeAsync(services => services.GetRequiredService<PasswordThrottle>().SpendAsync(email, null, "192.0.2.78", Cancel));
        }

        (await world.ReadAsync(db => db.Counters.Where(counter => counter.Key == "passwords/network/192.0.2.78").Select(counter => counter.Count).SingleAsync(Cancel)))
            .ShouldBe(8);
    }

    private static DefaultHttpContext WithCookieOf(Guid user, IDataProtectionProvider protection)
    {
        var context = new DefaultHttpContext();
        new KnownBrowser(protection, new HttpContextAccessor { HttpContext = context }).Remember(user);
        var cookie = SetCookieHeaderValue.Parse(context.Response.Headers.SetCookie.ToString());
        return new DefaultHttpContext { Request = { Headers = { Cookie = $"{cookie.Name}={cookie.Value}" } } };
    }

    private sealed class CountingProtection : IDataProtectionProvider
    {
        private readonly EphemeralDataProtectionProvider _inner = new();

        public int Unprotected { get; private set; }

        public IDataProtector CreateProtector(string purpose) => new Counting(this, _inner.CreateProtector(purpose));

        private sealed class Counting(CountingProtection all, IDataProtector inner) : IDataProtector
        {
            public IDataProtector CreateProtector(string purpose) => new Counting(all, inner.CreateProtector(purpose));

            public byte[] Protect(byte[] plaintext) => inner.Protect(plaintext);

            public byte[] Unprotect(byte[] protectedData)
            {
                all.Unprotected++;
                return inner.Unprotect(protectedData);
            }
        }
    }
}
