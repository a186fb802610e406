using IdentityServer.Settings;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.Registration;

/// <summary>Tells in discovery where clients register (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).</summary>
internal sealed class AdvertiseRegistration(Installation installation) : IOpenIddictServerHandler<HandleConfigurationRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleConfigurationRequestContext>()
            .UseSingletonHandler<AdvertiseRegistration>()
            .SetOrder(AdvertiseWhatWeDo.Descriptor.Order + 100)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(HandleConfigurationRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Metadata["registration_endpoint"] = new Uri(installation.Issuer, RegistrationEndpoint.Path).AbsoluteUri;
        return ValueTask.CompletedTask;
    }
}
