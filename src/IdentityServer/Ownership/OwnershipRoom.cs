using IdentityServer.Outbox;
using IdentityServer.Settings;

namespace IdentityServer.Ownership;

/// <summary>Who owns which client, and what that lets them do: the same for the pages of the portal and for the management API.</summary>
internal static class OwnershipRoom
{
    public static WebApplicationBuilder AddOwnership(this WebApplicationBuilder builder)
    {
        builder.AddSettings<PortalOptions>();
        builder.Services.AddScoped<ClientAccess>().AddScoped<ClientOwners>().AddScoped<ClientAgents>().AddScoped<OperatorOwnership>().AddScoped<OperatorOwnershipParts>();
        builder.Services.AddScoped<OwnedClients>().AddScoped<OwnedClientsParts>();
        builder.Services.AddScoped<Invitations>().AddScoped<InvitationParts>();
        builder.Services.AddScoped<ClientCheckup>();
        builder.Services.AddScoped<Approvals>().AddScoped<ApprovalParts>();
        builder.Services.AddScoped<ClientLogos>().AddScoped<ClientLogosParts>();
        builder.Services.AddScoped<IOutboxHandler, InvitationHandler>();
        return builder;
    }
}
