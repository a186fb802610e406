using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.SignIn;

/// <summary>Walks the pages that prove a mailbox.</summary>
internal static class MailboxPages
{
    public const string NewPassword = "another-river-entirely";
    public const string SignUpMail = "confirm your address";
    public const string ResetMail = "code for a new password";

    /// <summary>From the sign-up page to the page that waits for the code.</summary>
    public static async Task<Answer> AskForAccountAsync(this Browser browser, string email, string password = World.Password, string start = "/sign-up")
    {
        var next = await browser.TryAccountAsync(email, password, start);
        next.Status.ShouldBe(HttpStatusCode.SeeOther, next.Body);
        return await browser.FollowAsync(next);
    }

    /// <summary>Submits the sign-up page; redirects not followed.</summary>
    public static async Task<Answer> TryAccountAsync(this Browser browser, string email, string password = World.Password, string start = "/sign-up") =>
        await browser.SubmitAsync(
            await browser.FollowAsync(await browser.GetAsync(start)), new Dictionary<string, string> { ["Email"] = email, ["Password"] = password });

    /// <summary>From the reset page to the page that waits for code and new password.</summary>
    public static async Task<Answer> AskForResetAsync(this Browser browser, string email, string start = "/reset")
    {
        var next = await browser.TryResetAsync(email, start);
        next.Status.ShouldBe(HttpStatusCode.SeeOther, next.Body);
        return await browser.FollowAsync(next);
    }

    /// <summary>Submits the reset page; redirects not followed.</summary>
    public static async Task<Answer> TryResetAsync(this Browser browser, string email, string start = "/reset") =>
        await browser.SubmitAsync(await browser.GetAsync(start), new Dictionary<string, string> { ["Email"] = email });

    /// <summary>Gives code and new password; redirects not followed.</summary>
    public static Task<Answer> ChooseAsync(this Browser browser, Answer page, string code, string password = NewPassword) =>
        browser.SubmitAsync(page, new Dictionary<string, string> { ["Digits"] = code, ["Password"] = password });

    /// <summary>A whole reset.</summary>
    public static async Task ResetAsync(this Browser browser, string email, string password = NewPassword, string subject = ResetMail)
    {
        var page = await browser.AskForResetAsync(email);
        (await browser.ChooseAsync(page, await browser.ReadCodeAsync(email, subject), password)).Parameter("reason").ShouldBe("password-changed");
    }

    /// <summary>The text of a page, with what differs by chance left out.</summary>
    public static string Likeness(this Answer answer)
    {
        // A copy: the page itself is still to be answered.
        var copy = new AngleSharp.Html.Parser.HtmlParser().ParseDocument(answer.Body);
        foreach (var element in copy.QuerySelectorAll("script, bdi, input[type=hidden], .delivery").ToList())
        {
            element.Remove();
        }

        return $"{answer.Status}: {copy.Body?.TextContent}";
    }
}
