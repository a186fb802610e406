using System.Collections.Immutable;
using IdentityServer.Pages;
using IdentityServer.Storage.Entities;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.WebUtilities;
using OpenIddict.Server;
using static OpenIddict.Server.AspNetCore.OpenIddictServerAspNetCoreHandlers;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.EndSession;

/// <summary>
/// Puts the page with the clients' frames before the redirect to the client that asked for the sign-out. OpenIddict has validated where it
/// leads by then, and put the state beside it.
/// </summary>
internal sealed class AnswerByFrontChannel(FrontChannel frontChannel) : IOpenIddictServerHandler<ApplyEndSessionResponseContext>
{
    private const string Property = "IdentityServer.FrontChannel";

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyEndSessionResponseContext>()
            .UseScopedHandler<AnswerByFrontChannel>()
            .SetOrder(Session.ProcessQueryResponse.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    /// <summary>Asks for the page in this transaction's answer.</summary>
    public static void Ask(OpenIddictServerTransaction transaction, AuthenticationSession ended, IReadOnlyList<string> frames) =>
        transaction.SetProperty(Property, new Asked(ended, frames));

    public async ValueTask HandleAsync(ApplyEndSessionResponseContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Transaction.GetProperty<Asked>(Property) is not { } asked || string.IsNullOrEmpty(context.PostLogoutRedirectUri))
        {
            return;
        }

        var parameters =
            from parameter in context.Response.GetParameters()
            from value in (ImmutableArray<string?>?)parameter.Value ?? []
            where !string.IsNullOrEmpty(value)
            select KeyValuePair.Create(parameter.Key, (string?)value);
        await ShowAsync(
            frontChannel, context.Transaction, asked.Ended, asked.Frames, QueryHelpers.AddQueryString(context.PostLogoutRedirectUri, parameters), context.CancellationToken);
        context.HandleRequest();
    }

    /// <summary>Writes the page as the answer.</summary>
    public static async Task ShowAsync(
        FrontChannel frontChannel, OpenIddictServerTransaction transaction, AuthenticationSession ended, IReadOnlyList<string> frames, string onward,
        CancellationToken cancellationToken)
    {
        var http = transaction.GetHttpRequest()!.HttpContext;

        // The client may have opened this window, and wait for it to come back.
        ContentSecurity.Of(http).KeepOpener();
        var page = await frontChannel.PageAsync(http, ended, frames, onward, cancellationToken);
        await page.ExecuteResultAsync(new ActionContext(http, new RouteData(), new ActionDescriptor()));
    }

    private sealed record Asked(AuthenticationSession Ended, IReadOnlyList<string> Frames);
}
