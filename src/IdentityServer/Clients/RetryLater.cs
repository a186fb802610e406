using IdentityServer.Pages;
using Microsoft.AspNetCore;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Clients;

/// <summary>Refuses a program's request for the moment, in the protocol's JSON and with a status and a time that any HTTP client understands.</summary>
internal static class RetryLater
{
    private const string Property = "IdentityServer.RetryLater";

    /// <summary>Refuses a request; <see cref="AttachRetryAfter{TResponse}"/> writes the status.</summary>
    public static void Reject(BaseValidatingContext context, int status, TimeSpan wait, string description)
    {
        context.Transaction.Properties[Property] = new Refusal(status, WaitAnswer.Seconds(wait));
        context.Reject(Errors.TemporarilyUnavailable, $"{description} Try again after the time that Retry-After tells.");
    }

    /// <summary>What was decided about this request, if anything was.</summary>
    public static Refusal? Of(OpenIddictServerTransaction transaction) =>
        transaction.Properties.TryGetValue(Property, out var refusal) ? (Refusal?)refusal : null;

    /// <summary>A status and how many seconds to wait.</summary>
    public sealed record Refusal(int Status, string Seconds);
}

/// <summary>Writes the status and the wait of a request that <see cref="RetryLater"/> refused, where OpenIddict would write 400.</summary>
internal sealed class AttachRetryAfter<TResponse> : IOpenIddictServerHandler<TResponse>
    where TResponse : BaseRequestContext
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<TResponse>()
            .UseSingletonHandler<AttachRetryAfter<TResponse>>()
            .SetOrder(OpenIddictServerAspNetCoreHandlers.AttachHttpResponseCode<TResponse>.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(TResponse context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (RetryLater.Of(context.Transaction) is { } refusal)
        {
            var response = context.Transaction.GetHttpRequest()!.HttpContext.Response;
            response.StatusCode = refusal.Status;
            response.Headers.RetryAfter = refusal.Seconds;
        }

        return ValueTask.CompletedTask;
    }
}
