using System.Diagnostics;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Clients.Keys;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal.Credentials;

/// <summary>The public keys of a client: pasted, or published at an address of its own.</summary>
[Sensitive]
internal sealed class KeysModel(OwnedClients clients, ClientKeyList list, InsightWriter insight) : ClientPageModel
{
    private IReadOnlyList<MetadataProblem> _broken = [];

    [BindProperty]
    public string? Jwks { get; set; }

    [BindProperty]
    public string? JwksUri { get; set; }

    /// <summary>What is registered or published now.</summary>
    public ShownKeys Keys { get; private set; } = new([], null);

    public FormField JwksField => new("Jwks", Words["portal.field.jwks"], FieldShape.Json)
    {
        Values = [Jwks ?? ""],
        Standard = "jwks",
        Hint = Words["portal.hint.jwks"],
        Rows = 8,
        Problems = Jwks is null ? [] : FieldProblems.Of(_broken, "jwks", []),
    };

    public FormField JwksUriField => new("JwksUri", Words["portal.field.jwks_uri"])
    {
        Values = [JwksUri ?? Client.Metadata.JwksUri ?? ""],
        Standard = "jwks_uri",
        Hint = Words["portal.hint.jwks_uri"],
        Problems = JwksUri is null ? [] : FieldProblems.Of(_broken, "jwks_uri", []),
    };

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string> { ["saved"] = "portal.keys-saved" };

    public Task OnGetAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    public Task<IActionResult> OnPostPasteAsync(CancellationToken cancellationToken)
    {
        Jwks ??= "";
        return SaveAsync(metadata => metadata with { Jwks = Read(Jwks), JwksUri = null }, cancellationToken);
    }

    public Task<IActionResult> OnPostPublishAsync(CancellationToken cancellationToken)
    {
        JwksUri ??= "";
        return SaveAsync(metadata => metadata with { Jwks = null, JwksUri = JwksUri.Trim() }, cancellationToken);
    }

    private async Task<IActionResult> SaveAsync(Func<ClientMetadata, ClientMetadata> change, CancellationToken cancellationToken)
    {
        switch (await clients.ChangeAsync(Client, change, cancellationToken))
        {
            case EditOutcome.Stored:
                return new SeeOther(AddressOf("keys", "saved"));
            case EditOutcome.Refused refused:
                return await RefuseAsync(refused.Problems, cancellationToken);
            case EditOutcome.Changed:
                await LoadAsync(cancellationToken);
                return Refuse(Words["portal.changed-meanwhile"]);
            case EditOutcome.Gone:
                return NotFound();
            case var other:
                throw new UnreachableException($"Unmapped outcome {other}.");
        }
    }

    private async Task<IActionResult> RefuseAsync(IReadOnlyList<MetadataProblem> problems, CancellationToken cancellationToken)
    {
        _broken = problems;
        await LoadAsync(cancellationToken);
        var elsewhere = problems.Where(problem => problem.Field is not ("jwks" or "jwks_uri")).Select(problem => problem.ToString()).ToList();
        return Refuse(elsewhere.Count > 0 ? elsewhere : [Words["portal.mistakes"]]);
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        await insight.FlushAsync(cancellationToken);
        Keys = await list.ReadAsync(Client.Settings, cancellationToken);
    }

    // What is no JSON is sent on as a text, so that the rules name it.
    private static JsonElement Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text);
        }
    }
}
