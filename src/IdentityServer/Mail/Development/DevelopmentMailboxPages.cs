using System.Text;
using IdentityServer.Pages;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Mail.Development;

/// <summary>
/// <c>/dev/mailbox</c> for people, <c>/dev/mailbox.json</c> for programs. A mail's HTML is shown as a page of its own in a sandbox: it
/// can do nothing here that it could not do in a mail program.
/// </summary>
internal static class DevelopmentMailboxPages
{
    public const string Page = "/dev/mailbox";
    private const string PageFile = "/Mail/Development/Mailbox";

    /// <summary>Takes the page's route away where there is no development mailbox: then it does not exist.</summary>
    public static void RemovePage(RazorPagesOptions pages) =>
        pages.Conventions.AddPageRouteModelConvention(PageFile, page => page.Selectors.Clear());

    public static void MapDevelopmentMailbox(this IEndpointRouteBuilder routes, DevelopmentMailbox mailbox)
    {
        routes.MapGet($"{Page}/{{id:int}}", IResult (HttpContext context, int id) => Show(context, mailbox.Mails.FirstOrDefault(mail => mail.Id == id)));
        routes.MapGet($"{Page}.json", (string? to) =>
            TypedResults.Ok(mailbox.Mails.Where(mail => to is null || mail.To.Equals(to, StringComparison.OrdinalIgnoreCase))));
    }

    private static IResult Show(HttpContext context, DevelopmentMail? mail)
    {
        if (mail is null)
        {
            return TypedResults.NotFound();
        }

        ContentSecurity.Of(context).Sandbox();
        return TypedResults.Content(mail.Html, "text/html", Encoding.UTF8);
    }
}
