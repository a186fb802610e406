using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>What the browser has to say against a page.</summary>
internal static class PageComplaints
{
    /// <summary>
    /// Listens from now on. A page that breaks its own content security policy, a script that fails, and a dialog, which no page of ours opens,
    /// show here.
    /// </summary>
    /// <returns>A list that grows while the page is used.</returns>
    public static List<string> Complaints(this IPage page)
    {
        var complaints = new List<string>();
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                complaints.Add(message.Text);
            }
        };
        page.PageError += (_, error) => complaints.Add(error);
        page.Dialog += (_, dialog) =>
        {
            complaints.Add(dialog.Message);
            _ = dialog.DismissAsync();
        };
        return complaints;
    }
}
