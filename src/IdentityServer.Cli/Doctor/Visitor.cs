using System.Net;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Doctor;

/// <summary>A page, or a redirect.</summary>
internal sealed record Page(HttpStatusCode Status, Uri Address, Uri? Location, IHtmlDocument Document)
{
    /// <summary>What the page complains of; null when it does not.</summary>
    public string? Alert => Document.QuerySelector("[role=alert]")?.TextContent.Trim() is { Length: > 0 } text ? text : null;

    /// <summary>What it is about.</summary>
    public string Heading => Document.QuerySelector("h1")?.TextContent.Trim() ?? $"status {(int)Status}";

    /// <summary>The form that has such a field; null when there is none.</summary>
    public IHtmlFormElement? FormWith(string field) => Document.Forms.FirstOrDefault(form => form.QuerySelector($"[name='{field}']") is not null);
}

/// <summary>
/// Goes through the pages of a sign-in as a browser without scripts does: keeps cookies, fills in forms, follows redirects within the
/// server, and stops where one leads away.
/// </summary>
internal sealed class Visitor : IDisposable
{
    private const int MostHops = 10;

    private readonly HttpClient _http;
    private readonly Uri _server;
    private readonly string _end;

    /// <param name="context">Makes its requests.</param>
    /// <param name="server">Whose pages it goes through.</param>
    /// <param name="end">Where it stops, even on the server's own host.</param>
    public Visitor(ToolContext context, Uri server, string end)
    {
        var handler = context.NewHandler();
        (handler.UseCookies, handler.CookieContainer, handler.AllowAutoRedirect) = (true, new CookieContainer(), false);
        (_http, _server, _end) = (new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30) }, server, end);
        _http.DefaultRequestHeaders.UserAgent.Add(new("idsrv-doctor", Tool.Version.Split('+')[0]));
        _http.DefaultRequestHeaders.AcceptLanguage.Add(new("en"));
    }

    /// <summary>Opens an address, and follows where it leads.</summary>
    public Task<Page> OpenAsync(Uri address, CancellationToken cancellationToken) => SendAsync(new(HttpMethod.Get, address), cancellationToken);

    /// <summary>Sends the form that has the first of the fields, and follows where it leads.</summary>
    public Task<Page> SubmitAsync(Page page, IHtmlFormElement form, CancellationToken cancellationToken, params (string Name, string Value)[] fields)
    {
        var values = form.QuerySelectorAll("input[type=hidden]").OfType<IHtmlInputElement>()
            .Where(input => input.Name is not null)
            .Select(input => KeyValuePair.Create(input.Name!, input.Value))
            .Concat(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        var target = form.GetAttribute("action") is { Length: > 0 } action ? new Uri(page.Address, action) : page.Address;
        return SendAsync(new(HttpMethod.Post, target) { Content = new FormUrlEncodedContent(values) }, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private async Task<Page> SendAsync(HttpRequestMessage first, CancellationToken cancellationToken)
    {
        var page = await ReadAsync(first, cancellationToken);
        for (var hop = 0; hop < MostHops && page.Location is { } location && IsOurs(location); hop++)
        {
            page = await ReadAsync(new(HttpMethod.Get, location), cancellationToken);
        }

        return page;
    }

    private async Task<Page> ReadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            var address = request.RequestUri!;
            var location = response.Headers.Location is { } target ? new Uri(address, target) : null;
            var body = location is null ? await response.Content.ReadAsStringAsync(cancellationToken) : "";
            return new(response.StatusCode, address, location, new HtmlParser().ParseDocument(body));
        }
    }

    private bool IsOurs(Uri address) => address.GetLeftPart(UriPartial.Authority) == _server.GetLeftPart(UriPartial.Authority)
        && address.GetLeftPart(UriPartial.Path) != _end;
}
