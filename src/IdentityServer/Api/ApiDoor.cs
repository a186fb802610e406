namespace IdentityServer.Api;

/// <summary>
/// The one door of the API, before every operation: who calls, how much they have asked, and whether the operation is for them. An endpoint
/// without an <see cref="ApiOperation"/> is reached by nobody.
/// </summary>
internal sealed class ApiDoor : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        var http = context.HttpContext;
        var operation = http.GetEndpoint()?.Metadata.GetMetadata<ApiOperation>()
            ?? throw new InvalidOperationException($"{http.GetEndpoint()?.DisplayName} says not what it asks of its callers.");
        var (caller, refusal) = await http.RequestServices.GetRequiredService<CallerReader>().ReadAsync(http, http.RequestAborted);
        if (caller is null)
        {
            return refusal;
        }

        if (http.RequestServices.GetRequiredService<ApiAllowances>().Spend(caller) is { } wait)
        {
            return ApiProblem.Later(ApiProblemType.TooManyRequests, $"At most {ApiAllowances.PerCaller} requests a minute are answered. Wait as long as Retry-After tells.", wait);
        }

        if (operation.Scope is { } scope && !caller.May(scope))
        {
            return LacksScope(scope);
        }

        if (operation.PeopleOnly is { } sentence && caller.Actor is Ownership.Actor.Machine)
        {
            return ApiProblem.Of(ApiProblemType.PeopleOnly, sentence);
        }

        http.Features.Set(caller);
        return HttpMethods.IsPost(http.Request.Method)
            ? await http.RequestServices.GetRequiredService<Idempotency>().OnceAsync(http, caller, async () => (ApiAnswer)(await next(AsItIsNow(context)))!)
            : await next(context);
    }

    // The operation was handed the caller's going away before it was known that its work is to be done to the end.
    private static EndpointFilterInvocationContext AsItIsNow(EndpointFilterInvocationContext context)
    {
        for (var index = 0; index < context.Arguments.Count; index++)
        {
            if (context.Arguments[index] is CancellationToken)
            {
                context.Arguments[index] = context.HttpContext.RequestAborted;
            }
        }

        return context;
    }

    /// <summary>The refusal of a token without a scope (RFC 6750 §3.1).</summary>
    public static ApiAnswer LacksScope(string scope) =>
        ApiProblem.Of(ApiProblemType.InsufficientScope, $"This needs an access token with the scope {scope}. Ask for it when you get the token.") with
        {
            Challenge = $"Bearer error=\"insufficient_scope\", scope=\"{scope}\"",
        };
}
