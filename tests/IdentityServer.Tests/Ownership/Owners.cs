using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Ownership;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Ownership;

/// <summary>People who own clients, and what they do with them, past the pages.</summary>
internal static class Owners
{
    public const string WebApp = """{"client_name":"Shop","redirect_uris":["https://shop.example.com/callback"]}""";

    public const string Machine = """{"client_name":"Night job","grant_types":["client_credentials"],"response_types":[],"scope":"clients.read"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A new person.</summary>
    public static async Task<Actor.Person> AddPersonAsync(this World world, bool administrator = false)
    {
        var email = await world.AddUserAsync();
        if (administrator)
        {
            await world.ReadAsync(db => db.Users.Where(user => user.Email == email)
                .ExecuteUpdateAsync(set => set.SetProperty(user => user.Administrator, true), Cancel));
        }

        return new(await world.UserAsync(email));
    }

    public static Task<User> UserAsync(this World world, string email) => world.ReadAsync(db => db.Users.AsNoTracking().SingleAsync(user => user.Email == email, Cancel));

    public static Task<OwnedRegistration> TryRegisterAsync(this World world, Actor.Person person, string wish = WebApp) =>
        world.WithAsync<OwnedClients, OwnedRegistration>(clients => clients.RegisterAsync(person, Json(wish), Cancel));

    /// <summary>A client of a person.</summary>
    public static async Task<OwnedClient> RegisterAsync(this World world, Actor.Person person, string wish = WebApp)
    {
        var registered = (await world.TryRegisterAsync(person, wish)).ShouldBeOfType<OwnedRegistration.Registered>();
        return (await world.FindAsync(person, registered.Client.ClientId!))!;
    }

    public static Task<OwnedClient?> FindAsync(this World world, Actor actor, string clientId) =>
        world.WithAsync<ClientAccess, OwnedClient?>(access => access.FindAsync(actor, clientId, Cancel));

    public static Task<EditOutcome> ChangeAsync(this World world, OwnedClient client, Func<Domain.Clients.ClientMetadata, Domain.Clients.ClientMetadata> change) =>
        world.WithAsync<OwnedClients, EditOutcome>(clients => clients.ChangeAsync(client, change, Cancel));

    public static Task<InvitationOutcome> InviteAsync(this World world, OwnedClient client, string email) =>
        world.WithAsync<Invitations, InvitationOutcome>(invitations => invitations.InviteAsync(client, email, "en", Cancel));

    public static Task<IReadOnlyList<ReceivedInvitation>> ReceivedAsync(this World world, User user) =>
        world.WithAsync<Invitations, IReadOnlyList<ReceivedInvitation>>(invitations => invitations.ReceivedAsync(user, Cancel));

    public static async Task<bool> AcceptAsync(this World world, User user, Guid invitation) =>
        await world.TryAcceptAsync(user, invitation) is InvitationAcceptance.Accepted;

    public static Task<InvitationAcceptance> TryAcceptAsync(this World world, User user, Guid invitation) =>
        world.WithAsync<Invitations, InvitationAcceptance>(invitations => invitations.AcceptAsync(user, invitation, Cancel));

    public static Task<OwnerRemoval> RemoveAsync(this World world, OwnedClient client, Guid user) =>
        world.WithAsync<ClientOwners, OwnerRemoval>(owners => owners.RemoveAsync(client, user, Cancel));

    /// <summary>Makes a person own a client that somebody else owns, by invitation.</summary>
    public static async Task<OwnedClient> ShareAsync(this World world, OwnedClient client, Actor.Person other)
    {
        (await world.InviteAsync(client, other.User.Email)).ShouldBeOfType<InvitationOutcome.Sent>();
        (await world.AcceptAsync(other.User, (await world.ReceivedAsync(other.User)).Single().Id)).ShouldBeTrue();
        return (await world.FindAsync(other, client.ClientId))!;
    }

    public static Task<T> WithAsync<TService, T>(this World world, Func<TService, Task<T>> work)
        where TService : notnull => world.Server.InScopeAsync(services => work(services.GetRequiredService<TService>()));

    public static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}
