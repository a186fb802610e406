using System.Net;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using IdentityServer.Ownership;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Portal;

/// <summary>Walks the pages of the portal.</summary>
internal static class PortalPages
{
    /// <summary>A new browser in which a person is signed in, on a page of the portal.</summary>
    public static async Task<(Browser Browser, Answer Page)> OpenPortalAsync(this World world, Actor.Person person, string page = "/portal")
    {
        var browser = world.OpenBrowser();
        return (browser, await browser.OpenAccountAsync(person.User.Email, page));
    }

    /// <summary>The address of a page of a client.</summary>
    public static string PageOf(this OwnedClient client, string page = "") => $"/portal/clients/{client.ClientId}" + (page.Length == 0 ? "" : $"/{page}");

    /// <summary>
    /// Sends the form that posts to an address holding a text, as a browser would: all that stands in it, with some fields filled in anew.
    /// A field that is given null is left out, as an unchecked box is.
    /// </summary>
    public static Task<Answer> SendAsync(this Browser browser, Answer page, string action, params (string Name, string? Value)[] fields)
    {
        var form = page.Document.Forms.First(candidate => (candidate.GetAttribute("action") ?? page.Path()).Contains(action, StringComparison.Ordinal));
        var changed = fields.Select(field => field.Name).ToHashSet(StringComparer.Ordinal);
        var values = form.QuerySelectorAll("input, textarea, select").SelectMany(Standing).Where(value => !changed.Contains(value.Key))
            .Concat(fields.Where(field => field.Value is not null).Select(field => KeyValuePair.Create(field.Name, field.Value!)));
        return browser.PostAsync(form.GetAttribute("action") is { Length: > 0 } target ? target : page.Path(), [.. values]);
    }

    /// <summary>All that stands in a form.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Standing(this Answer page, string form) =>
        page.Document.QuerySelector(form).ShouldNotBeNull(page.Body).QuerySelectorAll("input, textarea, select").SelectMany(Standing);

    /// <summary>What stands in a field.</summary>
    public static string? Field(this Answer page, string name) => page.Document.QuerySelector($"[name='{name}']") is { } element
        ? Standing(element).Select(value => value.Value).FirstOrDefault()
        : null;

    /// <summary>What is said to be wrong beside a field; null for nothing.</summary>
    public static string? Problem(this Answer page, string id) => page.Document.GetElementById($"{id}-problem")?.TextContent.Trim();

    /// <summary>What the page says that it has done; null for nothing.</summary>
    public static string? Notice(this Answer page) => page.Document.QuerySelector(".notice.success[role=status]")?.TextContent.Trim();

    /// <summary>The text of an element.</summary>
    public static string? Text(this Answer page, string id) => page.Document.GetElementById(id)?.TextContent;

    /// <summary>Follows a redirect to a page of its own, which tells what was done.</summary>
    public static async Task<Answer> AfterAsync(this Browser browser, Answer sent)
    {
        sent.Status.ShouldBe(HttpStatusCode.SeeOther, sent.Alert ?? sent.Body);
        return await browser.FollowAsync(sent);
    }

    /// <summary>An owner asks, and an administrator approves.</summary>
    public static async Task ApproveAsync(this World world, OwnedClient client, Actor.Person administrator)
    {
        var cancel = TestContext.Current.CancellationToken;
        (await world.WithAsync<Approvals, bool>(approvals => approvals.AskAsync(client, "", cancel))).ShouldBeTrue();
        var pending = (await world.WithAsync<Approvals, IReadOnlyList<PendingApproval>>(approvals => approvals.PendingAsync(administrator.User, cancel)))
            .Single(waiting => waiting.Client.ClientId == client.ClientId);
        (await world.WithAsync<Approvals, ApprovalOutcome>(approvals => approvals.ApproveAsync(administrator.User, client.ClientId, pending.Version, cancel)))
            .ShouldBe(ApprovalOutcome.Done);
    }

    private static IEnumerable<KeyValuePair<string, string>> Standing(IElement element) => element switch
    {
        IHtmlInputElement { Type: "checkbox" or "radio", IsChecked: false } or IHtmlInputElement { Type: "file" } or IHtmlInputElement { Name: null } => [],
        IHtmlInputElement input => [KeyValuePair.Create(input.Name!, input.Value)],
        IHtmlTextAreaElement area => [KeyValuePair.Create(area.Name!, area.Value)],
        IHtmlSelectElement select => [KeyValuePair.Create(select.Name!, select.Value ?? "")],
        _ => [],
    };
}
