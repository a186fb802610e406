using System.Net;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Clients;
using IdentityServer.Clients.Credentials;
using IdentityServer.Domain.Clients;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Clients;

/// <summary>Secrets that were brought along and are words: guessed at, they must hold up nobody but the guesser.</summary>
public sealed class WeakSecretTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_network_may_guess_ten_times_and_then_neither_right_nor_wrong_is_looked_at()
    {
        var time = new FakeTimeProvider();
        using var verifier = new ClientSecretVerifier(time);
        var stored = Stored("secret");
        for (var guess = 0; guess < ClientSecretVerifier.GuessesPerNetwork; guess++)
        {
            (await verifier.TryVerifyAsync(stored, $"guess {guess}", "192.0.2.1", Cancel)).ShouldBe(new SecretVerdict.Wrong());
        }

        var refused = (await verifier.TryVerifyAsync(stored, "guess again", "192.0.2.1", Cancel)).ShouldBeOfType<SecretVerdict.TooManyGuesses>();
        (await verifier.TryVerifyAsync(stored, "secret", "192.0.2.1", Cancel)).ShouldBeOfType<SecretVerdict.TooManyGuesses>();
        (await verifier.TryVerifyAsync(stored, "secret", "192.0.2.2", Cancel)).ShouldBe(new SecretVerdict.Passed(), "the client is not locked");
        (await verifier.TryVerifyAsync(Stored("secret"), "secret", "192.0.2.1", Cancel)).ShouldBe(new SecretVerdict.Passed(), "nor are others");

        time.Advance(refused.RetryAfter);
        (await verifier.TryVerifyAsync(stored, "secret", "192.0.2.1", Cancel)).ShouldBe(new SecretVerdict.Passed());
    }

    [Fact]
    public async Task A_right_secret_that_was_seen_before_is_guessed_at_under_the_same_limit()
    {
        using var verifier = new ClientSecretVerifier(new FakeTimeProvider());
        var stored = Stored("secret");
        (await verifier.TryVerifyAsync(stored, "secret", "192.0.2.1", Cancel)).ShouldBe(new SecretVerdict.Passed());

        for (var guess = 0; guess < ClientSecretVerifier.GuessesPerNetwork; guess++)
        {
            (await verifier.TryVerifyAsync(stored, $"guess {guess}", "192.0.2.9", Cancel)).ShouldBe(new SecretVerdict.Wrong());
        }

        (await verifier.TryVerifyAsync(stored, "secret", "192.0.2.9", Cancel)).ShouldBeOfType<SecretVerdict.TooManyGuesses>();
        for (var call = 0; call < 50; call++)
        {
            (await verifier.TryVerifyAsync(stored, "secret", "192.0.2.1", Cancel)).ShouldBe(new SecretVerdict.Passed(), "a right one costs nothing");
        }
    }

    [Fact]
    public async Task A_back_end_with_an_old_secret_makes_one_guess_however_often_it_asks()
    {
        using var verifier = new ClientSecretVerifier(new FakeTimeProvider());
        var stored = Stored("new secret");
        for (var call = 0; call < 50; call++)
        {
            (await verifier.TryVerifyAsync(stored, "old secret", "192.0.2.1", Cancel)).ShouldBe(new SecretVerdict.Wrong());
        }

        (await verifier.TryVerifyAsync(stored, "new secret", "192.0.2.1", Cancel)).ShouldBe(new SecretVerdict.Passed(), "its neighbour is served");
    }

    [Fact]
    public async Task Calls_that_come_at_once_with_one_secret_share_one_check()
    {
        using var verifier = new ClientSecretVerifier(new FakeTimeProvider());
        var stored = Stored("secret");

        var verdicts = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => verifier.TryVerifyAsync(stored, "secret", "192.0.2.1", Cancel).AsTask()));

        verdicts.ShouldAllBe(verdict => verdict is SecretVerdict.Passed);
    }

    [Fact]
    public async Task A_flood_at_one_client_fills_its_own_places_and_holds_up_no_other()
    {
        using var queues = new ClientQueues(places: 3, cores: 2);
        using var finish = new ManualResetEventSlim();
        var flood = Enumerable.Range(0, 3).Select(guess => queues.TryShareAsync("flooded", $"{guess}", () => finish.Wait(TimeSpan.FromSeconds(30)), Cancel)).ToList();

        (await queues.TryShareAsync("flooded", "more", () => true, Cancel)).ShouldBeNull("its places are taken");
        (await queues.TryShareAsync("other", "x", () => true, Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel)).ShouldBe(true);

        finish.Set();
        (await Task.WhenAll(flood)).ShouldAllBe(result => result == true);
        (await queues.TryShareAsync("flooded", "later", () => true, Cancel)).ShouldBe(true, "the places are free again");
    }

    [Fact]
    public async Task Checks_of_different_clients_share_the_cores_that_they_are_given()
    {
        using var queues = new ClientQueues(places: 3, cores: 1);
        using var together = new ManualResetEventSlim();
        var running = 0;
        bool Check()
        {
            if (Interlocked.Increment(ref running) > 1)
            {
                together.Set();
            }

            // Long enough for another to come in, if it could.
            together.Wait(TimeSpan.FromMilliseconds(100), Cancel);
            Interlocked.Decrement(ref running);
            return true;
        }

        await Task.WhenAll(Enumerable.Range(0, 3).Select(client => queues.TryShareAsync($"client {client}", "x", Check, Cancel)));

        together.IsSet.ShouldBeFalse();
    }

    [Theory]
    [InlineData("/connect/token", "grant_type=refresh_token&refresh_token=x")]
    [InlineData("/connect/introspect", "token=x")]
    [InlineData("/connect/revoke", "token=x")]
    [InlineData("/connect/par", "response_type=code&redirect_uri=https://shop.example/cb&scope=openid&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")]
    public async Task A_guesser_is_told_to_come_back_later_in_the_protocols_words(string endpoint, string fields)
    {
        await using var world = await World.StartAsync();
        await world.Server.InScopeAsync(services => services.GetRequiredService<ClientRegistry>().RegisterAsync(
            SomeClient.Shop with { ClientSecret = SomeClient.Secret("secret"), TokenEndpointAuthMethod = "client_secret_post" }, Cancel));
        var http = world.Server.CreateClient();
        Task<HttpResponseMessage> PostAsync(string secret) => http.PostAsync(
            endpoint,
            new StringContent($"client_id=shop&client_secret={Uri.EscapeDataString(secret)}&{fields}", Encoding.ASCII, "application/x-www-form-urlencoded"),
            Cancel);

        for (var guess = 0; guess < ClientSecretVerifier.GuessesPerNetwork; guess++)
        {
            var wrong = await PostAsync($"guess {guess}");
            wrong.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            (await wrong.Content.ReadAsStringAsync(Cancel)).ShouldContain("invalid_client");
        }

        var refused = await PostAsync("secret");
        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromMinutes(1));
        (await refused.Content.ReadAsStringAsync(Cancel)).ShouldContain("temporarily_unavailable");

        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        (await PostAsync("secret")).StatusCode.ShouldNotBeOneOf(HttpStatusCode.TooManyRequests, HttpStatusCode.Unauthorized, HttpStatusCode.InternalServerError);
    }

    private static string Stored(string secret) =>
        ClientSecretHash.Create(SomeClient.Secret(secret), RandomNumberGenerator.GetBytes(ClientSecretHash.SaltLength));
}
