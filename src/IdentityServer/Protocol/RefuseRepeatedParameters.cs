using IdentityServer.Domain.Diagnosis;
using IdentityServer.Protocol.Diagnosis;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol;

/// <summary>
/// Refuses a parameter that is sent twice (RFC 6749 §3.1, §3.2). OpenIddict takes such a parameter for missing, so a second
/// <c>prompt</c> or <c>max_age</c> would undo the first.
/// </summary>
internal sealed class RefuseRepeatedParameters<TContext> : IOpenIddictServerHandler<TContext>
    where TContext : BaseValidatingContext
{
    // RFC 8707 §2 and RFC 8693 §2.1 let these be repeated.
    private static readonly string[] _repeatable = [Parameters.Resource, Parameters.Audience];

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<TContext>()
            .UseSingletonHandler<RefuseRepeatedParameters<TContext>>()
            .SetOrder(int.MinValue + 10_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(TContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        foreach (var (name, value) in context.Transaction.Request!.GetParameters())
        {
            if (value.Count > 1 && !_repeatable.Contains(name, StringComparer.Ordinal))
            {
                NotedFailure.Put(context.Transaction, new(FailureCodes.ParameterRepeated, ("parameter", Quotable.Word(name))));
                context.Reject(Errors.InvalidRequest, $"The parameter '{name}' is there more than once.");
                break;
            }
        }

        return ValueTask.CompletedTask;
    }
}
