using System.Net;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Newcomer;

/// <summary>What somebody does who connects an application.</summary>
internal enum Step
{
    /// <summary>Opens a page, by an address or a link.</summary>
    Page,

    /// <summary>Fills in a form and sends it.</summary>
    Form,

    /// <summary>Looks a code up in a mail.</summary>
    Mail,

    /// <summary>Types a command.</summary>
    Command,

    /// <summary>Has a program of theirs send a request.</summary>
    Request,
}

/// <summary>
/// Somebody who was never here, at a browser without scripts that goes to and fro between the server and an application. Each thing that
/// they do counts as one step; what the browser does by itself, such as following a redirect, counts nothing.
/// </summary>
internal sealed class Visitor : IDisposable
{
    private readonly World _world;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, CookieContainer = new CookieContainer() });
    private readonly List<Step> _steps = [];
    private Uri _address = null!;

    private Visitor(World world, string email) => (_world, Email) = (world, email);

    public string Email { get; }

    /// <summary>What they have done.</summary>
    public IReadOnlyList<Step> Steps => _steps;

    /// <summary>The page that they look at.</summary>
    public IHtmlDocument Page { get; private set; } = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<Visitor> ArriveAsync(World world) => new(world, await world.AddUserAsync());

    /// <summary>Opens a page.</summary>
    /// <returns>Where the browser was sent at the end, if nothing listens there for us; else null.</returns>
    public Task<Uri?> OpenAsync(Uri address)
    {
        _steps.Add(Step.Page);
        return GoAsync(new(HttpMethod.Get, address));
    }

    /// <summary>Follows an address that a program of theirs has opened in the browser.</summary>
    public Task<Uri?> BeShownAsync(Uri address) => GoAsync(new(HttpMethod.Get, address));

    /// <summary>Follows a link on the page.</summary>
    public Task FollowLinkAsync(string ending) =>
        OpenAsync(new Uri(_address, Page.QuerySelector($"a[href$='{ending}']").ShouldNotBeNull(Page.Body!.TextContent).GetAttribute("href")!));

    /// <summary>Fills in the form that has these fields, and sends it.</summary>
    public Task<Uri?> SendAsync(params (string Name, string Value)[] fields)
    {
        _steps.Add(Step.Form);
        var form = Page.Forms.First(candidate => fields.All(field => candidate.QuerySelector($"[name='{field.Name}']") is not null));
        var values = form.QuerySelectorAll("input[type=hidden]").OfType<IHtmlInputElement>().Select(input => KeyValuePair.Create(input.Name!, input.Value))
            .Concat(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        var target = form.GetAttribute("action") is { Length: > 0 } action ? new Uri(_address, action) : _address;
        return GoAsync(new(HttpMethod.Post, target) { Content = new FormUrlEncodedContent(values) });
    }

    /// <summary>Gives password and mailed code, on the two pages that ask for them.</summary>
    public async Task<Uri?> SignInAsync()
    {
        await SendAsync(("Email", Email), ("Password", World.Password));
        _steps.Add(Step.Mail);
        return await SendAsync(("Digits", await _world.OpenBrowser().ReadCodeAsync(Email)));
    }

    /// <summary>Types a command.</summary>
    public Task<T> TypeAsync<T>(Func<Task<T>> command)
    {
        _steps.Add(Step.Command);
        return command();
    }

    /// <summary>Has a program send a request.</summary>
    public Task<T> RequestAsync<T>(Func<Task<T>> request)
    {
        _steps.Add(Step.Request);
        return request();
    }

    public int Count(Step step) => _steps.Count(done => done == step);

    public void Dispose() => _http.Dispose();

    private async Task<Uri?> GoAsync(HttpRequestMessage request)
    {
        for (var hop = 0; hop < 20; hop++)
        {
            using var answer = await _http.SendAsync(request, Cancel);
            _address = request.RequestUri!;
            if (answer.Headers.Location is { } location)
            {
                var target = new Uri(_address, location);
                if (target.IsLoopback && target.AbsolutePath == "/" && target.Query.Contains("code=", StringComparison.Ordinal))
                {
                    return target; // a program of theirs listens there
                }

                request = new(HttpMethod.Get, target);
                continue;
            }

            var body = await answer.Content.ReadAsStringAsync(Cancel);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, $"{_address}\n{body}");
            Page = new HtmlParser().ParseDocument(body);
            return null;
        }

        throw new InvalidOperationException($"No page at the end of the redirects, but {_address}.");
    }
}
