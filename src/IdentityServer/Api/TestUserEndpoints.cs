using System.Diagnostics;
using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Users;
using IdentityServer.Ownership;
using IdentityServer.TestUsers;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Api;

/// <summary>A test user.</summary>
/// <param name="UserId">Its subject.</param>
/// <param name="Email">What it signs in with.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Claims">What the client is told of it.</param>
internal sealed record ApiTestUser(Guid UserId, string Email, DateTimeOffset CreatedAt, IReadOnlyDictionary<string, JsonElement> Claims)
{
    public static ApiTestUser Of(TestUser user) => new(user.Id, user.Email, user.CreatedAt, user.Claims.Members);
}

/// <summary>A test user at the one moment at which anybody can read its password.</summary>
internal sealed record ApiNewTestUser(Guid UserId, string Email, DateTimeOffset CreatedAt, IReadOnlyDictionary<string, JsonElement> Claims, string Password)
{
    public override string ToString() => $"test user {UserId}";
}

/// <summary>A wish for a test user; every member may be left out.</summary>
/// <param name="Name">The first part of its address: up to 40 ASCII letters, digits and dashes.</param>
/// <param name="Password">The password that it is to have, by the same rules as anybody's.</param>
/// <param name="Claims">Standard claims of OpenID Connect Core §5.1 by their names.</param>
internal sealed record ApiTestUserWish(string? Name = null, string? Password = null, IReadOnlyDictionary<string, JsonElement>? Claims = null);

/// <summary>A mail to a test user.</summary>
/// <param name="MailId">The same whenever it is read.</param>
/// <param name="At">When it was sent.</param>
/// <param name="Subject">One line.</param>
/// <param name="Code">The one-time code in it, ready to be entered; null when there is none.</param>
/// <param name="Text">The whole text.</param>
internal sealed record ApiTestMail(Guid MailId, DateTimeOffset At, string Subject, string? Code, string Text)
{
    public override string ToString() => Subject;
}

/// <summary>Test users and their mail.</summary>
internal static class TestUserEndpoints
{
    private const string All = "/clients/{clientId}/test-users";
    private const string One = All + "/{userId}";

    // Of an answer that nobody gave for lack of capacity: hashing is over in a moment.
    private static readonly TimeSpan _busy = TimeSpan.FromSeconds(2);

    private static readonly string[] _members = ["name", "password", "claims"];

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(All, ListAsync).For("listTestUsers", ManagementScopes.TestUsers)
            .WithSummary("A client's test users, the youngest first.").Produces<ApiList<ApiTestUser>>();
        api.MapPost(All, MakeAsync).For("createTestUser", ManagementScopes.TestUsers)
            .WithSummary("Makes a test user; its address and, if none is given, its password are made up.").Produces<ApiNewTestUser>(StatusCodes.Status201Created)
            .Body<ApiTestUserWish>().Header(Idempotency.Header, ClientEndpoints.RepeatedSafely);
        api.MapDelete(One, DeleteAsync).For("deleteTestUser", ManagementScopes.TestUsers)
            .WithSummary("Deletes a test user with its mail, sessions and tokens.").Produces(StatusCodes.Status204NoContent);
        api.MapGet(One + "/mails", MailsAsync).For("listTestMails", ManagementScopes.TestUsers)
            .WithSummary("A test user's mail of the last day, the newest first, with the code as a member of its own.").Produces<ApiList<ApiTestMail>>()
            .Query("since", "Only what was sent then or later, in ISO 8601: tests give the moment before they sign in.");
    }

    private static Task<ApiAnswer> ListAsync(
        HttpContext context, string clientId, [FromServices] ClientAccess clients, [FromServices] TestUserDirectory users, CancellationToken cancellationToken) =>
        ClientEndpoints.WithClientAsync(context, clientId, clients, async client => ApiAnswer.Of(
            new ApiList<ApiTestUser>([.. (await users.ListAsync(client.RowId, cancellationToken)).Select(ApiTestUser.Of)])), cancellationToken);

    private static Task<ApiAnswer> MakeAsync(
        HttpContext context, string clientId, [FromServices] ClientAccess clients, [FromServices] TestUserDirectory users, CancellationToken cancellationToken) =>
        ClientEndpoints.WithClientAsync(context, clientId, clients, async client =>
        {
            var (json, refusal) = await ApiBody.ReadAsync(context.Request, cancellationToken);
            if (refusal is not null)
            {
                return refusal;
            }

            var body = new ApiMembers(json!.Value, _members);
            var (name, password, given) = (body.Text("name"), body.Text("password"), body.Object("claims"));
            if (body.Refusal is { } wrong)
            {
                return wrong;
            }

            var members = given is { } sent ? sent.EnumerateObject().Select(claim => KeyValuePair.Create(claim.Name, claim.Value)) : [];
            return StandardClaims.TryParse(members, out var claims, out var problems)
                ? Say(await users.CreateAsync(client.Settings, new(name ?? "user", password, claims), cancellationToken))
                : ApiProblem.Of([.. problems.Select(problem => new MetadataProblem($"claims.{problem.Field}", problem.Rule, $"{problem.Mend}."))]);
        }, cancellationToken);

    private static Task<ApiAnswer> DeleteAsync(
        HttpContext context, string clientId, string userId, [FromServices] ClientAccess clients, [FromServices] TestUserDirectory users, CancellationToken cancellationToken) =>
        ClientEndpoints.WithClientAsync(context, clientId, clients, async client =>
            Guid.TryParse(userId, out var id) && await users.DeleteAsync(client.Settings, id, cancellationToken) ? ApiAnswer.Nothing : NotFound(), cancellationToken);

    private static Task<ApiAnswer> MailsAsync(
        HttpContext context, string clientId, string userId, [FromServices] ClientAccess clients, [FromServices] TestUserDirectory users, [FromServices] TestMailbox mailbox, CancellationToken cancellationToken) =>
        ClientEndpoints.WithClientAsync(context, clientId, clients, async client =>
        {
            if (!ApiRequestParts.TryMoment(context.Request, "since", out var since, out var refusal))
            {
                return refusal!;
            }

            if (!Guid.TryParse(userId, out var id) || await users.FindAsync(client.RowId, id, cancellationToken) is null)
            {
                return NotFound();
            }

            var mails = await mailbox.ReadAsync(client.RowId, id, since, cancellationToken);
            return ApiAnswer.Of(new ApiList<ApiTestMail>([.. mails.Select(mail => new ApiTestMail(mail.Id, mail.At, mail.Subject, mail.Code, mail.Text))]));
        }, cancellationToken);

    private static ApiAnswer Say(TestUserMade outcome) => outcome switch
    {
        TestUserMade.Done { User: var user, Password: var password } => ApiAnswer.Of(
            new ApiNewTestUser(user.Id, user.Email, user.CreatedAt, user.Claims.Members, password.Reveal()), StatusCodes.Status201Created),
        TestUserMade.NameRefused => ApiProblem.Of(
            [new("name", "is none that a test user can have", $"Send 1 to {TestAddress.LongestName} ASCII letters, digits and dashes.")]),
        TestUserMade.PasswordRefused => ApiProblem.Of(
            [new("password", "may not be chosen", "Send a longer one that is not among the common ones, or leave it out: then one is made up.")]),
        TestUserMade.TooMany => ApiProblem.Of(
            ApiProblemType.TooManyTestUsers, $"A client has at most {TestUserPolicy.MostPerClient} test users. Delete those that tests have left behind."),
        TestUserMade.Busy => ApiProblem.Later(ApiProblemType.Unavailable, "Too many passwords are being hashed. Wait as long as Retry-After tells, and try again.", _busy),
        TestUserMade.ClientGone => ClientEndpoints.NotFound(),
        var other => throw new UnreachableException($"Unmapped outcome {other}."),
    };

    private static ApiAnswer NotFound() => ApiProblem.Of(ApiProblemType.NotFound, "The client has no test user of this identifier.");
}
