using System.Diagnostics;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Portal.Editing;

/// <summary>Everything that an owner may set of a client, under the rules of every other way in.</summary>
internal sealed class SettingsModel(OwnedClients clients, ClientAccess access, TimeProvider clock) : ClientPageModel
{
    private SettingsForm _form = null!;
    private SettingsForm? _stored;
    private IReadOnlyList<MetadataProblem> _broken = [];

    /// <summary>The version that what is typed stands against: another one is told, not overwritten.</summary>
    [BindProperty]
    public string? Version { get; set; }

    /// <summary>The secret that was made because the client needs one now, readable only now; null for none.</summary>
    public ClientSecret? Secret { get; private set; }

    /// <summary>Whether a group is shown open: also where something in it needs another look.</summary>
    public bool IsOpen(SettingsGroup group) => group.Open || group.Fields.Any(field => Broken(field) || Differs(field));

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string> { ["saved"] = "portal.saved" };

    /// <summary>A field with what stands in it.</summary>
    public FormField Shown(SettingsField field) => new(field.Member, Words[$"portal.field.{field.Member}"], field.Shape)
    {
        Values = _form[field.Member],
        Standard = field.Member,
        Hint = FormField.Find(Words, $"portal.hint.{field.Member}"),
        Problems = FieldProblems.Of(_broken, field.Member, _form.Entries(field)),
        Stored = Differs(field) ? string.Join(' ', _stored!.Entries(field)) : null,
        Choices = Choices(field),
        Rows = field.Shape == FieldShape.Json ? 8 : Math.Clamp(_form.Entries(field).Count + 1, 2, 8),
    };

    public void OnGet() => (_form, Version) = (SettingsForm.Of(Client.Metadata), Client.Version);

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        _form = SettingsForm.Of(await Request.ReadFormAsync(cancellationToken));
        var wish = _form.Wish(Client.Metadata);
        var wanted = clients.Foresee(Client, wish);
        // As on the pages of secrets and keys; but nothing of what was typed is lost on the way.
        if (SensitiveIn(wish, wanted) is { } sensitive && !SignedIn.Of(HttpContext).IsFresh(clock))
        {
            return Refuse(Words[sensitive]);
        }

        if (Version == Client.Version && AskForApproval(wanted) is { } question)
        {
            return question;
        }

        switch (await clients.ChangeAsync(Client, wish, Version ?? "", cancellationToken))
        {
            case EditOutcome.Stored { GeneratedSecret: { } secret }:
                // The one chance to read it: the answer to the post shows it, and a reload finds the page changed already.
                Secret = secret;
                return Page();
            case EditOutcome.Stored:
                return new SeeOther(AddressOf("settings", "saved"));
            case EditOutcome.Refused refused:
                return RefuseFields(refused.Problems);
            case EditOutcome.Changed:
                return await TellChangeAsync(cancellationToken);
            case EditOutcome.Gone:
                return NotFound();
            case var other:
                throw new UnreachableException($"Unmapped outcome {other}.");
        }
    }

    // The key of the text that says what of a wish asks for a fresh sign-in.
    private string? SensitiveIn(JsonElement wish, ClientMetadata? wanted) =>
        Client.ChangesProof(wish) ? "portal.proof-needs-sign-in"
        : wanted is not null && Client.GainsPower(wanted) ? "portal.power-needs-sign-in"
        : null;

    private PageResult RefuseFields(IReadOnlyList<MetadataProblem> problems)
    {
        _broken = problems;
        var fields = SettingsFields.All.Where(Broken).ToList();
        Faults = [.. fields.Select(field => (Shown(field).Id, Words[$"portal.field.{field.Member}"]))];
        var elsewhere = problems.Where(problem => !SettingsFields.All.Any(field => FieldProblems.IsOf(problem, field.Member))).Select(problem => problem.ToString()).ToList();
        return fields.Count == 0 ? Refuse(elsewhere) : Refuse([string.Join(' ', [Words["portal.mistakes"], .. elsewhere])]);
    }

    // What was typed stays, beside what is stored now; whoever saves once more means it against that.
    private async Task<IActionResult> TellChangeAsync(CancellationToken cancellationToken)
    {
        if (await access.AgainAsync(Client, cancellationToken) is not { } now)
        {
            return NotFound();
        }

        (_stored, Version) = (SettingsForm.Of(now.Metadata), now.Version);
        Faults = [.. SettingsFields.All.Where(Differs).Select(field => (Shown(field).Id, Words[$"portal.field.{field.Member}"]))];
        return Refuse(Words["portal.changed-meanwhile"]);
    }

    private bool Broken(SettingsField field) => _broken.Any(problem => FieldProblems.IsOf(problem, field.Member));

    private bool Differs(SettingsField field) => _stored is not null && !_form.Same(field, _stored);

    private IReadOnlyList<FieldChoice> Choices(SettingsField field) => field.Member == "scope"
        ? [.. clients.PolicyFor(Client.Metadata).Scopes.Select(scope => new FieldChoice(scope, FormField.Find(Words, $"portal.scope.{scope}") ?? scope, scope))]
        : [.. field.Optional ? [new FieldChoice("", Words["portal.choice.any"])] : Array.Empty<FieldChoice>(), .. field.Choices.Select(value => Choice(field, value))];

    private FieldChoice Choice(SettingsField field, string value)
    {
        var text = FormField.Find(Words, $"portal.choice.{value}");
        return field.Shape == FieldShape.Choices ? new(value, text ?? value, value) : new(value, text is null ? value : $"{text} ({value})");
    }
}
