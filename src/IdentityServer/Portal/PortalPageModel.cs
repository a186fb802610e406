using IdentityServer.Domain.Clients;
using IdentityServer.Languages;
using IdentityServer.Ownership;
using IdentityServer.Pages;
using IdentityServer.SignIn.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Portal;

/// <summary>A page of the portal: what all of them do alike.</summary>
internal abstract class PortalPageModel : PageModel
{
    /// <summary>What the page has just done, by name: set by its own redirect.</summary>
    [BindProperty(SupportsGet = true, Name = "done")]
    public string? Done { get; set; }

    /// <summary>What to say of it; null when there is nothing to say.</summary>
    public string? Notice => Done is not null && Notices.TryGetValue(Done, out var key) ? Words[key] : null;

    /// <summary>What is wrong with what was sent, one sentence each.</summary>
    public IReadOnlyList<string> Problems { get; protected set; } = [];

    /// <summary>The fields that need another look: where they stand on the page, and what they are called.</summary>
    public IReadOnlyList<(string Id, string Label)> Faults { get; protected set; } = [];

    /// <summary>Who is signed in.</summary>
    public Actor.Person Person => new(SignedIn.Of(HttpContext).User);

    protected PageWords Words => PageWords.Of(HttpContext);

    /// <summary>What the page says of what it has done: the name in its address, and the key of the text.</summary>
    protected virtual IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string>();

    /// <summary>Shows the page again with what is wrong; what was typed stays.</summary>
    protected PageResult Refuse(params IReadOnlyList<string> problems)
    {
        Problems = problems;
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }

    /// <summary>The same for metadata that breaks rules: the rules' own sentences, which every way in gives.</summary>
    protected PageResult Refuse(IReadOnlyList<MetadataProblem> problems) => Refuse([.. problems.Select(problem => problem.ToString())]);

    /// <summary>The same when it is to be tried again later.</summary>
    protected PageResult Later(string problem, TimeSpan wait)
    {
        WaitAnswer.Write(Response, StatusCodes.Status429TooManyRequests, wait);
        Problems = [problem];
        return Page();
    }
}

/// <summary>A page about one client, for its owners.</summary>
internal abstract class ClientPageModel : PortalPageModel
{
    /// <summary>The client, which <see cref="RequireOwner"/> found to be the person's.</summary>
    /// <exception cref="InvalidOperationException">The page's route names no client.</exception>
    public OwnedClient Client => HttpContext.Features.Get<OwnedClient>() ?? throw new InvalidOperationException("This page is about no client.");

    /// <summary>The owner knows that the approval goes.</summary>
    [BindProperty]
    public bool GivesUpApproval { get; set; }

    /// <summary>Whether to ask for that.</summary>
    public bool LosesApproval { get; private set; }

    /// <summary>What kind it is.</summary>
    public ClientKind Kind => ClientKinds.Of(Client.Metadata);

    /// <summary>The address of a page of the client, such as <c>secrets</c>; of its first page without a name.</summary>
    public string AddressOf(string page = "", string? done = null) => PortalUrls.Client(Client.ClientId, page, done);

    /// <summary>Asks first, where what the operator vouched for would be another thing; null where it stays or the owner has said yes.</summary>
    /// <param name="wanted">What is to be registered; null for what the rules refuse.</param>
    protected PageResult? AskForApproval(ClientMetadata? wanted)
    {
        if (GivesUpApproval || wanted is null || (wanted.Verified == Client.Metadata.Verified && wanted.FirstParty == Client.Metadata.FirstParty))
        {
            return null;
        }

        LosesApproval = true;
        return Refuse(Words["portal.approval-goes"]);
    }
}
