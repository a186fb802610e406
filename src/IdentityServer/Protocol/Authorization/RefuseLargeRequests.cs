using System.Globalization;
using System.Text;
using IdentityServer.Languages;
using IdentityServer.Pages;
using Microsoft.AspNetCore;
using Microsoft.Extensions.Primitives;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.Authorization;

/// <summary>
/// Refuses authorization requests that are too large to keep, before anything else looks at them. A request is stored whole, by anyone
/// and for an hour and more; a real one has a dozen parameters and one or two kilobytes.
/// </summary>
internal sealed class RefuseLargeRequests<TContext> : IOpenIddictServerHandler<TContext>
    where TContext : BaseValidatingContext
{
    /// <summary>Names and values together, in bytes.</summary>
    internal const int LargestSize = 8 * 1024;

    /// <summary>Values, those of doubled parameters included.</summary>
    internal const int MostParameters = 64;

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<TContext>()
            .UseSingletonHandler<RefuseLargeRequests<TContext>>()
            .SetOrder(int.MaxValue - 100_000) // the last of those that read the request
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(TContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (Fault(context.Transaction.Request!) is { } fault)
        {
            var http = context.Transaction.GetHttpRequest()!.HttpContext;
            http.Features.Set(new ErrorExplanation(
                PageWords.Of(http)["error.too-large"], PageWords.Of(http).Say("error.too-large-help", ("fault", fault))));
            context.Reject(Errors.InvalidRequest, fault);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>What is too large about a request; null for nothing.</summary>
    internal static string? Fault(OpenIddictRequest request)
    {
        var (count, size) = (0, 0);
        foreach (var (name, parameter) in request.GetParameters())
        {
            foreach (var value in (StringValues?)parameter ?? default(StringValues))
            {
                count++;
                size += Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value ?? "");
            }
        }

        return count > MostParameters ? string.Create(CultureInfo.InvariantCulture, $"The request has more than {MostParameters} parameters.")
            : size > LargestSize ? string.Create(CultureInfo.InvariantCulture, $"The request's parameters have more than {LargestSize} bytes in all.")
            : null;
    }
}
