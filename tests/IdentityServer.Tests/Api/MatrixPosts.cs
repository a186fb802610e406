using IdentityServer.Clients;
using IdentityServer.Clients.Showing;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Ownership;
using IdentityServer.Tests.Clients;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Portal;
using IdentityServer.Tests.Support;
using IdentityServer.Tests.TestUsers;
using IdentityServer.Trials;
using Microsoft.EntityFrameworkCore;
using SkiaSharp;

namespace IdentityServer.Tests.Api;

/// <summary>What somebody sends to a page: where to, the fields but for the token against forgery, and a file if there is one.</summary>
internal sealed record Post(string Path, IReadOnlyList<KeyValuePair<string, string>> Fields, byte[]? File = null)
{
    public Post(string path, params (string Name, string Value)[] fields)
        : this(path, [.. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))])
    {
    }
}

/// <summary>
/// Whatever is posted to the portal, by route and handler. Each is made ready with a client of its own, so that it changes something for
/// those whose it is: what does nothing for anybody would show nothing of others.
/// </summary>
/// <param name="matrix">Everybody.</param>
/// <param name="pictures">A site that answers with a picture.</param>
internal sealed class MatrixPosts(MatrixStage matrix, Uri pictures)
{
    private const string PublicKey = """{"keys":[{"kty":"EC","crv":"P-256","kid":"matrix","alg":"ES256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A small PNG.</summary>
    public static byte[] Picture { get; } = Draw();

    /// <summary>Whose each is, and what makes one ready for somebody whose it is.</summary>
    public Dictionary<string, (Whose Whose, Func<Caller, Task<Post>> Ready)> Rows => new()
    {
        ["portal Accept"] = (Whose.Invited, _ => InvitedAsync("Accept")),
        ["portal Decline"] = (Whose.Invited, _ => InvitedAsync("Decline")),
        ["portal/new"] = (Whose.People, _ => Task.FromResult(new Post(
            "/portal/new", ("kind", "web-server"), ("Name", "Another"), ("RedirectUris", "https://another.example.com/"), ("Attempt", Guid.NewGuid().ToString())))),
        ["portal/approvals Approve"] = (Whose.Administrators, _ => DecisionAsync("Approve")),
        ["portal/approvals Refuse"] = (Whose.Administrators, _ => DecisionAsync("Refuse")),
        ["portal/approvals TakeLogo"] = (Whose.Administrators, _ => DecisionAsync("TakeLogo")),
        ["portal/clients/{clientId}/approval"] = Owners("approval", ("Note", "Please")),
        ["portal/clients/{clientId}/snippets"] = Owners("snippets?stack=oauth2-proxy"),
        ["portal/clients/{clientId}/delete"] = Owners("delete", ("Name", "Shop")),
        ["portal/clients/{clientId}/failures/{reference}"] = (Whose.Owners, _ => FailedAsync()),
        ["portal/clients/{clientId}/keys Paste"] = Owners("keys?handler=Paste", ("Jwks", PublicKey)),
        ["portal/clients/{clientId}/keys Publish"] = Owners("keys?handler=Publish", ("JwksUri", "https://shop.example.com/jwks")),
        ["portal/clients/{clientId}/logo"] = (Whose.Owners, async _ => new Post((await ClientAsync()).PageOf("logo"), [], Picture)),
        ["portal/clients/{clientId}/logo Take"] = (Whose.Owners, async _ => new Post((await ClientAsync(Pictured)).PageOf("logo?handler=Take"))),
        ["portal/clients/{clientId}/logo Remove"] = (Whose.Owners, _ => LogoAsync()),
        ["portal/clients/{clientId}/owners Invite"] = Owners("owners?handler=Invite", ("Email", "somebody-else@example.com")),
        ["portal/clients/{clientId}/owners Withdraw"] = (Whose.Owners, _ => WithdrawalAsync()),
        ["portal/clients/{clientId}/owners Remove"] = (Whose.Owners, _ => RemovalAsync()),
        ["portal/clients/{clientId}/owners AddMachine"] = (Whose.Owners, caller => MachineAsync(caller, added: false)),
        ["portal/clients/{clientId}/owners RemoveMachine"] = (Whose.Owners, caller => MachineAsync(caller, added: true)),
        ["portal/clients/{clientId}/secrets Make"] = Owners("secrets?handler=Make", ("Label", "new"), ("Expiry", "365")),
        ["portal/clients/{clientId}/secrets Retire"] = (Whose.Owners, _ => SecretAsync((client, secret) => new(client.PageOf("secrets?handler=Retire"), ("Secret", secret)))),
        ["portal/clients/{clientId}/secrets Let"] = (Whose.Owners, _ => SecretAsync(
            (client, secret) => new(client.PageOf("secrets?handler=Let"), ("Secret", secret), ("ByItself", "true")))),
        ["portal/clients/{clientId}/secrets/{secret:guid}/retire"] = (Whose.Owners, _ => SecretAsync((client, secret) => new(client.PageOf($"secrets/{secret}/retire")))),
        ["portal/clients/{clientId}/settings"] = (Whose.Owners, _ => SettingsAsync()),
        ["portal/clients/{clientId}/test-users"] = Owners("test-users", ("Name", "buyer"), ("Attempt", Guid.NewGuid().ToString())),
        ["portal/clients/{clientId}/test-users Delete"] = (Whose.Owners, _ => TestUserAsync()),
        ["portal/clients/{clientId}/try Add"] = Owners("try?handler=Add"),
        ["portal/clients/{clientId}/try Remove"] = (Whose.Owners, async _ => new Post((await TriedAsync()).PageOf("try?handler=Remove"))),
        ["portal/clients/{clientId}/try"] = (Whose.Owners, async _ => new Post((await TriedAsync()).PageOf("try"), ("Scopes", "openid"))),
        ["portal/clients/{clientId}/try Itself"] = (Whose.Owners, async _ => new Post(
            (await ClientAsync(IdentityServer.Tests.Ownership.Owners.Machine)).PageOf("try?handler=Itself"), ("Scopes", "clients.read"))),
        ["portal/clients/{clientId}/try/{run:guid} Begin"] = (Whose.Beginner, _ => PreparedAsync()),
        ["portal/clients/{clientId}/try/{run:guid} Refresh"] = (Whose.Beginner, _ => RunAsync("Refresh")),
        ["portal/clients/{clientId}/try/{run:guid} Introspect"] = (Whose.Beginner, _ => RunAsync("Introspect")),
        ["portal/clients/{clientId}/try/{run:guid} Revoke"] = (Whose.Beginner, _ => RunAsync("Revoke")),
        ["portal/clients/{clientId}/try/{run:guid} Forget"] = (Whose.Beginner, _ => RunAsync("Forget")),
        ["portal/trial/callback"] = (Whose.Beginner, _ => AnsweredAsync()),
    };

    private World World => matrix.Api.World;

    private string Pictured => $$"""{"client_name":"Shop","redirect_uris":["https://shop.example.com/callback"],"logo_uri":"{{pictures}}logo.png"}""";

    private string Callback => new Uri(World.Server.Address, "/" + TrialStage.CallbackRoute).AbsoluteUri;

    // One that needs nothing but a client.
    private (Whose Whose, Func<Caller, Task<Post>> Ready) Owners(string page, params (string Name, string Value)[] fields) =>
        (Whose.Owners, async _ => new Post((await ClientAsync()).PageOf(page), fields));

    // A client of the owner and the co-owner.
    private async Task<OwnedClient> ClientAsync(string wish = IdentityServer.Tests.Ownership.Owners.WebApp)
    {
        var client = await World.RegisterAsync(await matrix.PersonAsync(Caller.Owner), wish);
        await matrix.Api.AddOwnerAsync((await matrix.PersonAsync(Caller.CoOwner)).User.Email, client.ClientId);
        return client;
    }

    private async Task<Post> InvitedAsync(string handler)
    {
        var (client, invited) = (await World.RegisterAsync(await matrix.PersonAsync(Caller.Owner)), await matrix.PersonAsync(Caller.CoOwner));
        (await World.InviteAsync(client, invited.User.Email)).ShouldBeOfType<InvitationOutcome.Sent>();
        return new($"/portal?handler={handler}", ("Invitation", (await World.ReceivedAsync(invited.User)).Single().Id.ToString()));
    }

    private async Task<Post> DecisionAsync(string handler)
    {
        var client = await ClientAsync(Pictured);
        (await World.WithAsync<Approvals, bool>(approvals => approvals.AskAsync(client, "", Cancel))).ShouldBeTrue();
        var version = (await World.FindAsync(client.Actor, client.ClientId))!.Version;
        return new($"/portal/approvals?handler={handler}", ("Client", client.ClientId), ("Version", version), ("Reason", "Not yet"));
    }

    private async Task<Post> FailedAsync()
    {
        var client = await ClientAsync();
        var reference = Guid.NewGuid().ToString("N")[..12];
        await World.ReadAsync(db =>
        {
            db.ClientFailures.Add(new()
            {
                Id = reference,
                ClientRowId = client.RowId,
                At = World.Clock.GetUtcNow(),
                Code = FailureCodes.RedirectUriMismatch,
                Endpoint = "/connect/authorize",
                Details = """{"received":"https://shop.example.com/other","registered":"https://shop.example.com/callback"}""",
            });
            return db.SaveChangesAsync(Cancel);
        });
        return new(client.PageOf($"failures/{reference}"));
    }

    private async Task<Post> LogoAsync()
    {
        var client = await ClientAsync();
        (await World.WithAsync<ClientLogos, bool>(logos => logos.PutAsync(client, new LogoVerdict.Drawn(Picture), Cancel))).ShouldBeTrue();
        return new(client.PageOf("logo?handler=Remove"));
    }

    private async Task<Post> WithdrawalAsync()
    {
        var client = await ClientAsync();
        (await World.InviteAsync(client, $"guest-{Guid.NewGuid():N}@example.com")).ShouldBeOfType<InvitationOutcome.Sent>();
        var open = (await World.WithAsync<Invitations, IReadOnlyList<ShownInvitation>>(invitations => invitations.ListAsync(client, Cancel))).Single();
        return new(client.PageOf("owners?handler=Withdraw"), ("Id", open.Id.ToString()));
    }

    private async Task<Post> RemovalAsync()
    {
        var (client, third) = (await ClientAsync(), await World.AddPersonAsync());
        await matrix.Api.AddOwnerAsync(third.User.Email, client.ClientId);
        return new(client.PageOf("owners?handler=Remove"), ("Id", third.User.Id.ToString()));
    }

    // A machine is let in by somebody who owns it.
    private async Task<Post> MachineAsync(Caller caller, bool added)
    {
        var (client, person) = (await ClientAsync(), await matrix.PersonAsync(caller));
        var machine = await World.RegisterAsync(person, IdentityServer.Tests.Ownership.Owners.Machine);
        if (added)
        {
            await matrix.Api.LetAsync(person.User.Email, machine.ClientId, client.ClientId);
        }

        return new(client.PageOf($"owners?handler={(added ? "RemoveMachine" : "AddMachine")}"), ("Machine", machine.ClientId));
    }

    // The older of two, with all the evidence that it may go.
    private async Task<Post> SecretAsync(Func<OwnedClient, string, Post> post)
    {
        var client = await ClientAsync();
        var (now, old) = (World.Clock.GetUtcNow(), await World.ReadAsync(db => db.ClientSecrets.SingleAsync(secret => secret.ClientRowId == client.RowId, Cancel)));
        await World.Server.HaveSecretAsync(client.ClientId);
        await World.ReadAsync(db => db.ClientSecrets.Where(secret => secret.Id == old.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(secret => secret.CreatedAt, now - SecretRotation.Idle - SecretRotation.Idle), Cancel));
        await World.ReadAsync(db => db.ClientSecrets.Where(secret => secret.ClientRowId == client.RowId && secret.Id != old.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(secret => secret.LastUsedAt, now), Cancel));
        return post(client, old.Id.ToString());
    }

    private async Task<Post> SettingsAsync()
    {
        var path = (await ClientAsync()).PageOf("settings");
        var page = await matrix.Browser(Caller.Owner).GetAsync(path);
        return new(path, [.. page.Standing("form.settings").Where(field => field.Key is not ("client_name" or "antiforgery")), new("client_name", "Another name")]);
    }

    private async Task<Post> TestUserAsync()
    {
        var client = await ClientAsync();
        return new(client.PageOf("test-users?handler=Delete"), ("UserId", (await World.AddTestUserAsync(client.Settings)).Id.ToString()));
    }

    // A client whose sign-ins may come back to us.
    private async Task<OwnedClient> TriedAsync()
    {
        var client = await ClientAsync(TrialStage.WebApp);
        (await World.ChangeAsync(client, metadata => metadata with { RedirectUris = [.. metadata.RedirectUris, Callback] })).ShouldBeOfType<EditOutcome.Stored>();
        return (await World.FindAsync(client.Actor, client.ClientId))!;
    }

    private async Task<Post> PreparedAsync()
    {
        var (client, owner) = (await TriedAsync(), await matrix.PersonAsync(Caller.Owner));
        var run = (await World.WithAsync<TrialFlow, TrialBegun>(flow => flow.PrepareAsync(
            client.Settings, owner.User.Id, new() { Grant = ClientGrantTypes.AuthorizationCode, Scopes = ["openid"] }, Cancel))).ShouldBeOfType<TrialBegun.Added>().Trial;
        return new(client.PageOf($"try/{run.Id}?handler=Begin"));
    }

    private async Task<Post> RunAsync(string handler)
    {
        var stage = await TryingAsync();
        var page = await stage.RunAsync();
        return new($"{page.Message.RequestMessage!.RequestUri!.AbsolutePath}?handler={handler}");
    }

    // The answer as the browser would carry it that began the run.
    private async Task<Post> AnsweredAsync()
    {
        var stage = await TryingAsync();
        var answer = System.Web.HttpUtility.ParseQueryString((await stage.AnswerAsync(await stage.BeginAsync())).Location!.Query);
        return new("/" + TrialStage.CallbackRoute, [.. answer.AllKeys.Select(name => KeyValuePair.Create(name!, answer[name]!))]);
    }

    private async Task<TrialStage> TryingAsync() =>
        new(World, await matrix.PersonAsync(Caller.Owner), await TriedAsync(), matrix.Browser(Caller.Owner), ownsWorld: false);

    private static byte[] Draw()
    {
        using var surface = SKSurface.Create(new SKImageInfo(20, 20));
        surface.Canvas.Clear(SKColors.Green);
        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, 90);
        return data.ToArray();
    }
}
