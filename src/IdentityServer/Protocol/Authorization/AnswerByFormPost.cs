using System.Collections.Immutable;
using IdentityServer.Pages;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.AspNetCore.OpenIddictServerAspNetCoreHandlers;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.Authorization;

/// <summary>
/// Answers by a form that the browser posts to the client (OAuth 2.0 Form Post Response Mode), success and error alike. OpenIddict's own
/// page relies on an inline script and on forms that may post anywhere, which our content security policy forbids.
/// </summary>
internal sealed class AnswerByFormPost(IModelMetadataProvider metadata) : IOpenIddictServerHandler<ApplyAuthorizationResponseContext>
{
    private const string View = "/Protocol/Authorization/FormPost.cshtml";

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyAuthorizationResponseContext>()
            .UseSingletonHandler<AnswerByFormPost>()
            .SetOrder(Authentication.ProcessFormPostResponse.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ApplyAuthorizationResponseContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (string.IsNullOrEmpty(context.RedirectUri) || context.ResponseMode != ResponseModes.FormPost)
        {
            return;
        }

        var http = context.Transaction.GetHttpRequest()!.HttpContext;
        var security = ContentSecurity.Of(http);
        security.LimitFormsTo(new Uri(context.RedirectUri, UriKind.Absolute));
        security.KeepOpener();
        var fields =
            from parameter in context.Response.GetParameters()
            from value in (ImmutableArray<string?>?)parameter.Value ?? []
            where !string.IsNullOrEmpty(value)
            select KeyValuePair.Create(parameter.Key, value);
        var page = new ViewResult
        {
            ViewName = View,
            StatusCode = StatusCodes.Status200OK,
            ViewData = new ViewDataDictionary<FormPost>(metadata, new ModelStateDictionary())
            {
                Model = new FormPost(context.RedirectUri, [.. fields], security.Nonce),
            },
        };
        await page.ExecuteResultAsync(new ActionContext(http, new RouteData(), new ActionDescriptor()));
        context.HandleRequest();
    }
}

/// <summary>What the page posts, and where to.</summary>
/// <param name="Target">The validated redirect URI.</param>
/// <param name="Fields">The response's parameters.</param>
/// <param name="Nonce">Lets the page's one script run.</param>
internal sealed record FormPost(string Target, IReadOnlyList<KeyValuePair<string, string>> Fields, string Nonce)
{
    public string Destination => RedirectTarget.NameOf(Target);
}
