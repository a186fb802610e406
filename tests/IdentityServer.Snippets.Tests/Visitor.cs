using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Snippets.Tests;

/// <summary>A person at a browser without scripts who goes to and fro between an application and the provider.</summary>
internal sealed class Visitor : IDisposable
{
    private readonly Provider _provider;
    private readonly PlainBrowser _browser;
    private readonly Uri _home;
    private readonly HttpClient _application = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, CookieContainer = new CookieContainer() })
    {
        DefaultRequestHeaders = { Accept = { new("text/html") } }, // some send nobody away who does not look like a browser
    };

    public Visitor(Provider provider, Uri home) => (_provider, _browser, _home) = (provider, provider.OpenBrowser(), home);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Comes to the application as a stranger, signs in with password and mailed code, and ends on a page of the application.</summary>
    /// <returns>What that page says.</returns>
    public async Task<string> SignInAsync(Person person)
    {
        var away = await FollowAsync(_home);
        IsProvider(away.Location).ShouldBeTrue($"{away.Status} {away.Body}");
        var back = await _browser.SignInAsync(away.Location!.AbsoluteUri, person.Email);
        var page = await FollowAsync(back.Location.ShouldNotBeNull(back.Body));
        page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
        return page.Body;
    }

    /// <summary>Leaves: the application's own sign-out, then the provider's.</summary>
    /// <returns>Whether the provider asks for the password when the application sends the person there again.</returns>
    public async Task<bool> SignOutAsync()
    {
        var away = await FollowAsync(new Uri(_home, "/sign-out"));
        IsProvider(away.Location).ShouldBeTrue($"{away.Status} {away.Body}");
        var back = await _browser.FollowAsync(await _browser.GetAsync(away.Location!.AbsoluteUri));
        if (back.Location is { } location)
        {
            await FollowAsync(location);
        }

        var again = await FollowAsync(_home);
        var page = await _browser.FollowAsync(await _browser.GetAsync(again.Location.ShouldNotBeNull().AbsoluteUri));
        return page.Document.QuerySelector("input[name=Password]") is not null;
    }

    public void Dispose() => _application.Dispose();

    private bool IsProvider(Uri? location) => location is not null && _provider.Issuer.IsBaseOf(location);

    // Within the application, until there is a page or the way leads to the provider.
    private async Task<Answer> FollowAsync(Uri address)
    {
        for (var hop = 0; ; hop++)
        {
            var response = await _application.GetAsync(address, Cancel);
            var location = response.Headers.Location is { } target ? new Uri(address, target) : null;
            var answer = new Answer(response.StatusCode, location, await response.Content.ReadAsStringAsync(Cancel), response);
            if (location is null || IsProvider(location) || hop > 10)
            {
                return answer;
            }

            address = location;
        }
    }
}
