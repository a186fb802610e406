using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Account;

/// <summary>Walks the pages of an account.</summary>
internal static class AccountPages
{
    public const string NewAddressMail = "confirm your new address";
    public const string DeletionMail = "code to delete your account";

    /// <summary>A new browser, signed in with both steps, on a page of the account.</summary>
    public static async Task<(Browser Browser, Answer Page)> OpenAccountAsync(this World world, string email, string page = "/account")
    {
        var browser = world.OpenBrowser();
        return (browser, await browser.OpenAccountAsync(email, page));
    }

    /// <summary>Signs this browser in, with both steps, and ends on a page of the account.</summary>
    public static async Task<Answer> OpenAccountAsync(this Browser browser, string email, string page = "/account")
    {
        var shown = await browser.SignInAsync($"/sign-in?then={Uri.EscapeDataString(page)}", email);
        shown.Status.ShouldBe(HttpStatusCode.OK, shown.Body);
        shown.Path().ShouldBe(page);
        return shown;
    }

    /// <summary>The path that an answer came from.</summary>
    public static string Path(this Answer answer) => answer.Message.RequestMessage!.RequestUri!.AbsolutePath;

    /// <summary>Where an answer sends the browser, without the query.</summary>
    public static string? Target(this Answer answer) => answer.Location?.OriginalString.Split('?')[0];

    /// <summary>Asks for another address; redirects not followed.</summary>
    public static async Task<Answer> TryAddressAsync(this Browser browser, string address, string password = World.Password) =>
        await browser.SubmitAsync(
            await browser.GetAsync("/account/address"), new Dictionary<string, string> { ["Email"] = address, ["Current"] = password });

    /// <summary>Asks for another address, up to the page that takes the code.</summary>
    public static async Task<Answer> AskForAddressAsync(this Browser browser, string address)
    {
        var next = await browser.TryAddressAsync(address);
        next.Target().ShouldBe("/account/address/code", next.Body);
        return await browser.FollowAsync(next);
    }

    /// <summary>A whole change of address.</summary>
    public static async Task ChangeAddressAsync(this Browser browser, string address)
    {
        var page = await browser.AskForAddressAsync(address);
        (await browser.EnterCodeAsync(page, await browser.ReadCodeAsync(address, NewAddressMail))).Parameter("done").ShouldBe("changed");
    }

    /// <summary>Asks for the deletion, up to the page that takes the code.</summary>
    public static async Task<Answer> AskForDeletionAsync(this Browser browser, string password = World.Password)
    {
        var next = await browser.SubmitAsync(await browser.GetAsync("/account/delete"), new Dictionary<string, string> { ["Current"] = password });
        next.Target().ShouldBe("/account/delete/code", next.Body);
        return await browser.FollowAsync(next);
    }
}
