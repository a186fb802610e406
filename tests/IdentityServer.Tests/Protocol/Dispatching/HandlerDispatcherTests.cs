using IdentityServer.Protocol.Dispatching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Tests.Protocol.Dispatching;

/// <summary>It stands in for OpenIddict's own dispatcher, so it must keep that one's rules: order, filters, and who ends an event.</summary>
public sealed class HandlerDispatcherTests
{
    private readonly OpenIddictServerOptions _options = Empty();
    private readonly ServiceCollection _services = [];
    private readonly List<string> _ran = [];

    [Fact]
    public async Task The_handlers_of_an_event_run_in_their_order_and_those_of_others_do_not()
    {
        Add<ProcessRequestContext>("first");
        Add<ProcessErrorContext>("another event's");
        Add<ProcessRequestContext>("second");

        await using var services = Build();
        await DispatchAsync(services);
        await DispatchAsync(services);

        _ran.ShouldBe(["first", "second", "first", "second"]);
    }

    [Fact]
    public async Task A_handler_that_was_put_ahead_in_the_list_still_waits_for_its_turn()
    {
        Add<ProcessRequestContext>("guard");
        _options.Handlers.Insert(0, Descriptor<ProcessRequestContext>("late", builder => builder.SetOrder(2), null));

        await using var services = Build();
        await DispatchAsync(services);

        _ran.ShouldBe(["guard", "late"]);
    }

    [Fact]
    public async Task A_handler_acts_only_when_all_its_filters_agree_and_no_filter_is_asked_after_a_no()
    {
        Add<ProcessRequestContext>("allowed", builder => builder.AddFilter<Yes>());
        Add<ProcessRequestContext>("forbidden", builder => builder.AddFilter<Yes>().AddFilter<No>().AddFilter<Throws>());
        Add<ProcessRequestContext>("last");

        await using var services = Build();
        await DispatchAsync(services);

        _ran.ShouldBe(["allowed", "last"]);
    }

    [Theory]
    [InlineData("reject")]
    [InlineData("handle")]
    [InlineData("skip")]
    [InlineData("go on")]
    public async Task Who_rejects_handles_or_skips_ends_the_event(string how)
    {
        Add<ProcessRequestContext>("decides", act: context =>
        {
            switch (how)
            {
                case "reject":
                    context.Reject("invalid_request");
                    break;
                case "handle":
                    context.HandleRequest();
                    break;
                case "skip":
                    context.SkipRequest();
                    break;
            }
        });
        Add<ProcessRequestContext>("later");

        await using var services = Build();
        await DispatchAsync(services);

        _ran.ShouldBe(how == "go on" ? ["decides", "later"] : ["decides"]);
    }

    [Fact]
    public async Task A_handler_that_throws_ends_the_event_with_its_exception()
    {
        Add<ProcessRequestContext>("fails", act: _ => throw new NotSupportedException("by design"));
        Add<ProcessRequestContext>("later");

        await using var services = Build();
        await Should.ThrowAsync<NotSupportedException>(() => DispatchAsync(services));

        _ran.ShouldBe(["fails"]);
    }

    [Fact]
    public async Task A_scoped_handler_is_the_scopes_own_and_a_singleton_is_the_same_for_all()
    {
        AddService<Scoped>(builder => builder.UseScopedHandler<Scoped>());
        AddService<Single>(builder => builder.UseSingletonHandler<Single>());
        var seen = new Seen();
        _services.AddSingleton(seen);

        await using var services = Build();
        await DispatchAsync(services);
        await DispatchAsync(services);

        seen.Handlers.OfType<Scoped>().Distinct().Count().ShouldBe(2);
        seen.Handlers.OfType<Single>().Distinct().Count().ShouldBe(1);
        seen.Handlers.Count.ShouldBe(4);
    }

    [Fact]
    public async Task A_handler_that_nobody_registered_is_an_error_that_names_it()
    {
        _options.Handlers.Add(OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessRequestContext>()
            .UseScopedHandler<Scoped>().SetOrder(1).SetType(OpenIddictServerHandlerType.Custom).Build());

        await using var services = Build();

        (await Should.ThrowAsync<InvalidOperationException>(() => DispatchAsync(services))).Message.ShouldContain(nameof(Scoped));
    }

    [Fact]
    public async Task Options_that_were_made_anew_have_their_own_handlers()
    {
        Add<ProcessRequestContext>("old");
        var renewed = Empty();
        renewed.Handlers.Add(Descriptor<ProcessRequestContext>("new", null, null));
        var monitor = new Monitor(_options);

        await using var services = Build(monitor);
        await DispatchAsync(services);
        monitor.CurrentValue = renewed;
        await DispatchAsync(services);

        _ran.ShouldBe(["old", "new"]);
    }

    private static OpenIddictServerOptions Empty()
    {
        var options = new OpenIddictServerOptions();
        options.Handlers.Clear();
        return options;
    }

    private void Add<TContext>(
        string name, Action<OpenIddictServerHandlerDescriptor.Builder<TContext>>? filters = null, Action<TContext>? act = null)
        where TContext : BaseContext =>
        _options.Handlers.Add(Descriptor(name, filters, act));

    private OpenIddictServerHandlerDescriptor Descriptor<TContext>(
        string name, Action<OpenIddictServerHandlerDescriptor.Builder<TContext>>? filters, Action<TContext>? act)
        where TContext : BaseContext
    {
        var builder = OpenIddictServerHandlerDescriptor.CreateBuilder<TContext>()
            .UseInlineHandler(context =>
            {
                _ran.Add(name);
                act?.Invoke(context);
                return default;
            })
            .SetOrder(1)
            .SetType(OpenIddictServerHandlerType.Custom);
        filters?.Invoke(builder);
        return builder.Build();
    }

    private void AddService<THandler>(Action<OpenIddictServerHandlerDescriptor.Builder<ProcessRequestContext>> use)
        where THandler : class
    {
        var builder = OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessRequestContext>().SetOrder(1).SetType(OpenIddictServerHandlerType.Custom);
        use(builder);
        var descriptor = builder.Build();
        _options.Handlers.Add(descriptor);
        _services.TryAdd(descriptor.ServiceDescriptor);
    }

    private ServiceProvider Build(Monitor? monitor = null)
    {
        _services.AddLogging();
        _services.AddSingleton<Yes>().AddSingleton<No>().AddScoped<Throws>();
        _services.AddSingleton<IOptionsMonitor<OpenIddictServerOptions>>(monitor ?? new Monitor(_options));
        _services.AddSingleton(root => new HandlerTable(_services, root));
        _services.AddScoped<HandlerDispatcher>();
        return _services.BuildServiceProvider(validateScopes: true);
    }

    private static async Task DispatchAsync(ServiceProvider services)
    {
        await using var scope = services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<HandlerDispatcher>().DispatchAsync(new ProcessRequestContext(new OpenIddictServerTransaction()));
    }

    private sealed class Yes : IOpenIddictServerHandlerFilter<ProcessRequestContext>
    {
        public async ValueTask<bool> IsActiveAsync(ProcessRequestContext context)
        {
            await Task.Yield(); // A filter may look something up.
            return true;
        }
    }

    private sealed class No : IOpenIddictServerHandlerFilter<ProcessRequestContext>
    {
        public ValueTask<bool> IsActiveAsync(ProcessRequestContext context) => new(false);
    }

    private sealed class Throws : IOpenIddictServerHandlerFilter<ProcessRequestContext>
    {
        public ValueTask<bool> IsActiveAsync(ProcessRequestContext context) => throw new InvalidOperationException("Nobody should ask.");
    }

    private sealed class Seen
    {
        public List<object> Handlers { get; } = [];
    }

    private sealed class Scoped(Seen seen) : IOpenIddictServerHandler<ProcessRequestContext>
    {
        public ValueTask HandleAsync(ProcessRequestContext context)
        {
            seen.Handlers.Add(this);
            return default;
        }
    }

    private sealed class Single(Seen seen) : IOpenIddictServerHandler<ProcessRequestContext>
    {
        public ValueTask HandleAsync(ProcessRequestContext context)
        {
            seen.Handlers.Add(this);
            return default;
        }
    }

    private sealed class Monitor(OpenIddictServerOptions options) : IOptionsMonitor<OpenIddictServerOptions>
    {
        public OpenIddictServerOptions CurrentValue { get; set; } = options;

        public OpenIddictServerOptions Get(string? name) => CurrentValue;

        public IDisposable? OnChange(Action<OpenIddictServerOptions, string?> listener) => null;
    }
}
