using System.Net;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using IdentityServer.TestSupport;

namespace IdentityServer.Tests.Support;

/// <summary>An answer, read.</summary>
internal sealed record Answer(HttpStatusCode Status, Uri? Location, string Body, HttpResponseMessage Message)
{
    private IHtmlDocument? _document;

    public IHtmlDocument Document => _document ??= new HtmlParser().ParseDocument(Body);

    /// <summary>The text of the page's alert, if it has one.</summary>
    public string? Alert => Document.QuerySelector("[role=alert]")?.TextContent.Trim();

    /// <summary>True when the browser was given a session by it.</summary>
    public bool OpensSession => Message.Headers.TryGetValues("Set-Cookie", out var cookies)
        && cookies.Any(cookie => cookie.StartsWith("idsrv.session=", StringComparison.Ordinal)
            && !cookie.StartsWith("idsrv.session=;", StringComparison.Ordinal));

    /// <summary>A parameter of the address that this answer sends the browser to.</summary>
    public string? Parameter(string name) => Location is null
        ? null
        : System.Web.HttpUtility.ParseQueryString(new Uri(new Uri("https://x"), Location).Query)[name];
}

/// <summary>A person at a browser without scripts: follows local redirects, fills in forms, keeps cookies.</summary>
internal sealed class Browser
{
    private readonly HttpClient _http;
    private readonly SmtpListener _mail;
    private readonly string _network;

    /// <param name="http">Speaks to the server, and follows no redirects.</param>
    /// <param name="cookies">The client's jar.</param>
    /// <param name="mail">Where the person's mail arrives.</param>
    /// <param name="network">The address that the person comes from.</param>
    public Browser(HttpClient http, CookieContainer cookies, SmtpListener mail, string network) =>
        (_http, Cookies, _mail, _network) = (http, cookies, mail, network);

    private Browser(Browser other, string network)
        : this(other._http, other.Cookies, other._mail, network) => (Headers, Seen) = (other.Headers, other.Seen);

    public CookieContainer Cookies { get; }

    /// <summary>The headers of each request, for tests that add to them.</summary>
    public Dictionary<string, string> Headers { get; } = new() { ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0" };

    /// <summary>All that it was answered, redirects too, oldest first.</summary>
    public List<Answer> Seen { get; } = [];

    /// <summary>The same browser, seen from another network.</summary>
    public Browser From(string network) => new(this, network);

    public Task<Answer> GetAsync(string url) => SendAsync(HttpMethod.Get, url, null);

    public Task<Answer> PostAsync(string url, IEnumerable<KeyValuePair<string, string>> fields) =>
        SendAsync(HttpMethod.Post, url, new FormUrlEncodedContent(fields));

    /// <summary>A form with files in it.</summary>
    public Task<Answer> PostFormAsync(string url, MultipartFormDataContent form) => SendAsync(HttpMethod.Post, url, form);

    /// <summary>Any other method, without a body.</summary>
    public Task<Answer> SendAsync(HttpMethod method, string url) => SendAsync(method, url, null);

    /// <summary>Follows redirects within the server; stops at a page, or at one that leads away.</summary>
    public async Task<Answer> FollowAsync(Answer answer)
    {
        for (var hop = 0; hop < 10 && answer.Location is { } location; hop++)
        {
            var target = new Uri(_http.BaseAddress!, location);
            if (target.GetLeftPart(UriPartial.Authority) != _http.BaseAddress!.GetLeftPart(UriPartial.Authority))
            {
                return answer;
            }

            answer = await GetAsync(target.PathAndQuery);
        }

        return answer;
    }

    /// <summary>Submits the page's form that has these fields, or the one that posts to an address holding a text.</summary>
    public Task<Answer> SubmitAsync(Answer page, IDictionary<string, string> fields, string? formTarget = null)
    {
        var form = page.Document.Forms.First(candidate => formTarget is null
            ? fields.Keys.All(name => candidate.QuerySelector($"[name='{name}']") is not null)
            : candidate.GetAttribute("action")?.Contains(formTarget, StringComparison.Ordinal) == true);
        var values = form.QuerySelectorAll("input[type=hidden]").OfType<IHtmlInputElement>()
            .ToDictionary(input => input.Name!, input => input.Value, StringComparer.Ordinal);
        foreach (var (name, value) in fields)
        {
            values[name] = value;
        }

        var action = form.GetAttribute("action") is { Length: > 0 } target
            ? target
            : page.Message.RequestMessage!.RequestUri!.PathAndQuery;
        return PostAsync(action, values);
    }

    /// <summary>Gives address and password on the sign-in page; returns what follows, redirects not followed.</summary>
    public Task<Answer> EnterPasswordAsync(Answer page, string email, string password = World.Password) =>
        SubmitAsync(page, new Dictionary<string, string> { ["Email"] = email, ["Password"] = password });

    /// <summary>Gives the code on the code page; redirects not followed.</summary>
    public Task<Answer> EnterCodeAsync(Answer page, string code) => SubmitAsync(page, new Dictionary<string, string> { ["Digits"] = code });

    /// <summary>From a start address through the password to the code page.</summary>
    public async Task<Answer> ReachCodePageAsync(string start, string email)
    {
        var page = await FollowAsync(await GetAsync(start));
        page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
        var next = await EnterPasswordAsync(page, email);
        next.Status.ShouldBe(HttpStatusCode.SeeOther, next.Alert ?? next.Body);
        var codePage = await FollowAsync(next);
        codePage.Status.ShouldBe(HttpStatusCode.OK);
        return codePage;
    }

    /// <summary>Waits for the next code mail of an address, past any others.</summary>
    public async Task<string> ReadCodeAsync(string email, string subject = "sign-in code, requested") => (await ReadMailAsync(email, subject)).Code;

    /// <summary>Waits for the next mail of an address with a subject like this, past any others.</summary>
    public async Task<ReceivedMail> ReadMailAsync(string email, string subject)
    {
        while (true)
        {
            var mail = await _mail.TakeAsync(email, TestContext.Current.CancellationToken);
            if (mail.Message.Subject!.Contains(subject, StringComparison.Ordinal))
            {
                return mail;
            }
        }
    }

    /// <summary>Both steps; returns the answer that leads back to the client (or wherever the start led).</summary>
    public async Task<Answer> SignInAsync(string start, string email)
    {
        var page = await ReachCodePageAsync(start, email);
        return await FollowAsync(await EnterCodeAsync(page, await ReadCodeAsync(email)));
    }

    /// <summary>Says yes on the page that asks for consent; returns the answer that leads back to the client.</summary>
    public async Task<Answer> AllowAsync(Answer page)
    {
        page.Document.QuerySelector("button[name=Answer][value=allow]").ShouldNotBeNull(page.Body);
        var form = page.Document.Forms.First(form => form.QuerySelector("button[name=Answer]") is not null);
        var values = form.QuerySelectorAll("input[type=hidden]").OfType<IHtmlInputElement>().Select(input => KeyValuePair.Create(input.Name!, input.Value));
        return await FollowAsync(await PostAsync(page.Message.RequestMessage!.RequestUri!.PathAndQuery, [.. values, KeyValuePair.Create("Answer", "allow")]));
    }

    /// <summary>A code that is certainly not this one.</summary>
    public static string WrongCode(string right, int shift = 1) =>
        ((int.Parse(right, System.Globalization.CultureInfo.InvariantCulture) + shift) % 100_000).ToString("D5", System.Globalization.CultureInfo.InvariantCulture);

    private async Task<Answer> SendAsync(HttpMethod method, string url, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, url) { Content = content };
        request.Headers.Add("X-Forwarded-For", _network);
        foreach (var (name, value) in Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        }

        var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var answer = new Answer(response.StatusCode, response.Headers.Location, body, response);
        Seen.Add(answer);
        return answer;
    }
}
