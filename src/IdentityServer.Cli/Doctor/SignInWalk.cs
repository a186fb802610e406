using System.Net;
using System.Web;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;
using IdentityServer.Cli.SignIn;

namespace IdentityServer.Cli.Doctor;

/// <summary>
/// Signs a test user in to a client, as a browser does: authorize, password, code, consent, and back. The redirect to the client is read
/// and not followed, so that its application never sees this sign-in.
/// </summary>
internal sealed class SignInWalk(ToolContext context, ManagementApi api, Report report, Diagnosis diagnosis)
{
    private static readonly string[] _wanted = ["openid", "profile", "email"];

    public async Task RunAsync(ServerDocument server, Patient client, string? secret, CancellationToken cancellationToken)
    {
        if (Obstacle(client, secret) is { } obstacle)
        {
            await report.AddAsync(Finding.Skipped("sign-in", obstacle));
            return;
        }

        var user = new TestPatient(context, api, client.ClientId);
        try
        {
            if (await user.MakeAsync(cancellationToken) is { } instead)
            {
                await report.AddAsync(Finding.Problem("sign-in: test user", $"No test user could be made. {Reason(instead)}", "Mend that first: the sign-in needs one."));
                return;
            }

            await report.AddAsync(Finding.Fine("sign-in: test user", $"{user.Email} was made for this."));
            await WalkAsync(server, client, secret, user, cancellationToken);
        }
        catch (HttpRequestException failure)
        {
            await report.AddAsync(Finding.Problem("sign-in", $"The server stopped answering: {failure.GetBaseException().Message}.", "Run it again; if it stays so, tell the operator."));
        }
        finally
        {
            await report.AddAsync(await user.DeleteAsync()
                ? Finding.Fine("sign-in: cleaned up", "The test user is deleted.")
                : Finding.Note("sign-in: cleaned up", "The test user could not be deleted.", "Delete it: idsrv test-users list, and delete."));
        }
    }

    private static string? Obstacle(Patient client, string? secret) =>
        !client.SignsPeopleIn ? "The client signs nobody in."
        : client.RedirectUris.Count == 0 ? "The client has no redirect URI."
        : client.SignsRequests ? "The client takes signed requests only, and its key is not here."
        : client.PushesRequests && !client.IsPublic && secret is null ? "The client pushes its requests, which needs its secret. Give it with --secret-stdin."
        : null;

    private async Task WalkAsync(ServerDocument server, Patient client, string? secret, TestPatient user, CancellationToken cancellationToken)
    {
        var request = new WalkRequest(new(), Pkce.RandomText(), Pkce.RandomText(), client.RedirectUris[0], [.. _wanted.Intersect(client.Scopes)]);
        using var visitor = new Visitor(context, server.Issuer, new Uri(request.RedirectUri).GetLeftPart(UriPartial.Path));
        var login = new ClientLogin(client.ClientId, secret, client.Method);
        if (await StartAsync(server, client, login, request, cancellationToken) is not { } start)
        {
            return;
        }

        var page = await visitor.OpenAsync(start, cancellationToken);
        if (page.FormWith("Password") is not { } passwordForm)
        {
            await diagnosis.AddAsync("sign-in: authorize", request, page, cancellationToken);
            return;
        }

        await report.AddAsync(Finding.Fine("sign-in: authorize", "The request is taken, and the sign-in page shown."));
        page = await visitor.SubmitAsync(page, passwordForm, cancellationToken, ("Email", user.Email), ("Password", user.Password));
        if (page.FormWith("Digits") is not { } codeForm)
        {
            await diagnosis.AddAsync("sign-in: password", request, page, cancellationToken);
            return;
        }

        await report.AddAsync(Finding.Fine("sign-in: password", "The password is taken, and the code asked for."));
        if (await user.CodeAsync(cancellationToken) is not { } code)
        {
            await report.AddAsync(Finding.Problem("sign-in: mail", "No code came within 30 seconds.", "The server's outbox may be stuck: tell the operator."));
            return;
        }

        await report.AddAsync(Finding.Fine("sign-in: mail", "The code came."));
        page = await visitor.SubmitAsync(page, codeForm, cancellationToken, ("Digits", code));
        if (page.FormWith("Answer") is { } consentForm)
        {
            await report.AddAsync(Finding.Fine("sign-in: code", "The code is taken."));
            page = await visitor.SubmitAsync(page, consentForm, cancellationToken, ("Answer", "allow"));
            if (await BackAsync("sign-in: consent", request, page, server, cancellationToken))
            {
                await report.AddAsync(Finding.Fine("sign-in: consent", "Consent was asked for and given."));
            }
            else
            {
                return;
            }
        }
        else if (await BackAsync("sign-in: code", request, page, server, cancellationToken))
        {
            await report.AddAsync(Finding.Fine("sign-in: code", "The code is taken; no consent was asked for."));
        }
        else
        {
            return;
        }

        await report.AddAsync(Finding.Fine("sign-in: redirect", $"The browser is sent to {request.RedirectUri} with a code, state and iss."));
        await new TokenWalk(context, api, report, diagnosis).RunAsync(server, client, login, request, Parameter(page.Location!, "code")!, cancellationToken);
    }

    private async Task<Uri?> StartAsync(ServerDocument server, Patient client, ClientLogin login, WalkRequest request, CancellationToken cancellationToken)
    {
        var parameters = new Dictionary<string, string>
        {
            ["client_id"] = client.ClientId,
            ["response_type"] = "code",
            ["redirect_uri"] = request.RedirectUri,
            ["scope"] = string.Join(' ', request.Scopes),
            ["state"] = request.State,
            ["nonce"] = request.Nonce,
            ["code_challenge"] = request.Pkce.Challenge,
            ["code_challenge_method"] = "S256",
        };
        if (!client.PushesRequests || server.PushedAuthorization is not { } push)
        {
            return AuthorizationRequest.At(server.Authorization, parameters);
        }

        using var pushed = login.Authenticate(new(HttpMethod.Post, push), parameters);
        using var response = await api.Http.SendAsync(pushed, cancellationToken);
        var json = System.Text.Json.Nodes.JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        if (json.Text("request_uri") is { } uri)
        {
            await report.AddAsync(Finding.Fine("sign-in: pushed", "The pushed request is taken."));
            return AuthorizationRequest.At(server.Authorization, new() { ["client_id"] = client.ClientId, ["request_uri"] = uri });
        }

        await diagnosis.AddAsync("sign-in: pushed", $"{json.Text("error")}: {json.Text("error_description")}", cancellationToken);
        return null;
    }

    // RFC 9207 §2.4 and RFC 6749 §10.12: an application has to look at both.
    private async Task<bool> BackAsync(string check, WalkRequest request, Page page, ServerDocument server, CancellationToken cancellationToken)
    {
        if (page.Location is { } location && Reaches(location, request.RedirectUri) && Parameter(location, "code") is not null
            && Parameter(location, "state") == request.State && Parameter(location, "iss") == server.Issuer.AbsoluteUri)
        {
            return true;
        }

        await diagnosis.AddAsync(check, request, page, cancellationToken);
        return false;
    }

    private static bool Reaches(Uri location, string redirectUri) => location.AbsoluteUri.StartsWith(new Uri(redirectUri).AbsoluteUri, StringComparison.Ordinal);

    private static string? Parameter(Uri address, string name) => HttpUtility.ParseQueryString(address.Query)[name];

    private static string Reason(ApiAnswer answer) => answer switch
    {
        ApiAnswer.Refused refused => refused.Problem.ToString(),
        ApiAnswer.NotSignedIn nobody => nobody.Why,
        ApiAnswer.Failed failed => failed.Why,
        _ => "The server's answer names none.",
    };
}

/// <summary>What a sign-in was asked for with.</summary>
internal sealed record WalkRequest(Pkce Pkce, string State, string Nonce, string RedirectUri, IReadOnlyList<string> Scopes);
