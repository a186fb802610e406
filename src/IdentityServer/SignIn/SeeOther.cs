using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.SignIn;

/// <summary>
/// 303 to a local URL: the browser follows with GET, and a reload sends nothing twice (RFC 9110 §15.4.4). Refuses to leave this server.
/// </summary>
internal sealed class SeeOther(string localUrl) : ActionResult
{
    public override void ExecuteResult(ActionContext context)
    {
        if (localUrl is not ['/', ..] || localUrl is ['/', '/' or '\\', ..] || localUrl.Any(char.IsControl))
        {
            throw new InvalidOperationException("A sign-in page goes to local URLs only.");
        }

        var response = context.HttpContext.Response;
        response.StatusCode = StatusCodes.Status303SeeOther;
        response.Headers.Location = localUrl;
    }
}
