using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.Dispatching;

/// <summary>
/// Which handlers each event has, in their order, worked out once for each set of options. OpenIddict's own dispatcher goes through the
/// descriptors of all events for each event of a request, and asks the container for every filter it meets.
/// </summary>
internal sealed class HandlerTable(IServiceCollection registrations, IServiceProvider root)
{
    // Options that signing keys have replaced take their table along.
    private readonly ConditionalWeakTable<OpenIddictServerOptions, ConcurrentDictionary<Type, object>> _tables = [];

    /// <summary>The steps of an event, in order.</summary>
    public HandlerStep<TContext>[] For<TContext>(OpenIddictServerOptions options)
        where TContext : BaseContext
    {
        var table = _tables.GetValue(options, static _ => new());
        return table.TryGetValue(typeof(TContext), out var steps)
            ? (HandlerStep<TContext>[])steps
            : (HandlerStep<TContext>[])table.GetOrAdd(typeof(TContext), Steps<TContext>(options));
    }

    // Sorted here, whatever the list's own order is: the guards were judged by their orders.
    private HandlerStep<TContext>[] Steps<TContext>(OpenIddictServerOptions options)
        where TContext : BaseContext =>
        [
            .. options.Handlers
                .Where(descriptor => descriptor.ContextType == typeof(TContext))
                .OrderBy(descriptor => descriptor.Order)
                .Select(Step<TContext>),
        ];

    private HandlerStep<TContext> Step<TContext>(OpenIddictServerHandlerDescriptor descriptor)
        where TContext : BaseContext =>
        new(
            Service<IOpenIddictServerHandler<TContext>>(descriptor.ServiceDescriptor.ServiceType, descriptor.ServiceDescriptor.ImplementationInstance),
            [.. descriptor.FilterTypes.Select(type => Service<IOpenIddictServerHandlerFilter<TContext>>(type, null))]);

    // Only what the container itself would hand out again and again is kept.
    private StepService<T> Service<T>(Type type, object? instance)
        where T : class
    {
        if (instance is null && registrations.LastOrDefault(registration => registration.ServiceType == type)?.Lifetime == ServiceLifetime.Singleton)
        {
            instance = root.GetService(type);
        }

        return new(type, instance as T);
    }
}

/// <summary>A handler of an event, and the filters that all must let it act.</summary>
internal sealed record HandlerStep<TContext>(
    StepService<IOpenIddictServerHandler<TContext>> Handler, StepService<IOpenIddictServerHandlerFilter<TContext>>[] Filters)
    where TContext : BaseContext;

/// <summary>A service that a step needs: kept when it is the same for all, else the scope's.</summary>
internal readonly struct StepService<T>(Type type, T? kept)
    where T : class
{
    /// <exception cref="InvalidOperationException">It is not registered, or is not what the event takes.</exception>
    public T In(IServiceProvider scope) =>
        kept ?? scope.GetService(type) as T ?? throw new InvalidOperationException($"{type} is not registered, or is no {typeof(T)}.");
}
