using System.Diagnostics;
using IdentityServer.Domain.Users;
using IdentityServer.Languages;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using IdentityServer.Users;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Account;

/// <summary>What applications may be told of somebody, as they write it themselves.</summary>
internal sealed class ProfileModel(AccountChanges changes) : AccountPageModel
{
    private static readonly IReadOnlyList<(string Tag, string Name)> _languages = [.. SupportedLanguages.All.Select(language => (language.Tag, language.OwnName))];

    private Dictionary<string, string> _values = [];
    private IReadOnlyList<ClaimProblem> _problems = [];

    /// <summary>The names of all time zones that this system knows.</summary>
    public static IReadOnlyList<string> Zones { get; } =
        [.. TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id).Where(id => id.Contains('/', StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string> { ["saved"] = "profile.saved" };

    /// <summary>A field with what stands in it and what is wrong with that.</summary>
    public ShownField Shown(ProfileField field)
    {
        var value = _values.GetValueOrDefault(field.Name);
        var problem = _problems.FirstOrDefault(problem => problem.Field == field.Name);

        // A language that is none of ours, from an import, stays choosable.
        var languages = value is { Length: > 0 } && _languages.All(language => language.Tag != value) ? [.. _languages, (value, value)] : _languages;
        return new(field, value, problem is null ? null : Say(problem), languages);
    }

    public void OnGet() => _values = ProfileForm.Read(StandardClaims.FromJson(SignedIn.User.Claims));

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        var form = await Request.ReadFormAsync(cancellationToken);
        _values = ProfileFields.All.ToDictionary(field => field.Name, field => form[field.Name] is [{ } text, ..] ? text : "", StringComparer.Ordinal);
        var user = SignedIn.User;
        if (!ProfileForm.TryMake(_values, StandardClaims.FromJson(user.Claims), out var claims, out _problems))
        {
            return Refuse(_problems.Any(problem => problem.Kind == ClaimProblemKind.TooMuch) ? Words["profile.too-much"] : Words["profile.refused"]);
        }

        await changes.ChangeClaimsAsync(user.Id, claims!, cancellationToken);
        return new SeeOther(AccountUrls.After("/account/profile", "saved"));
    }

    private string Say(ClaimProblem problem) => problem.Kind switch
    {
        ClaimProblemKind.TooLong => Words["profile.too-long"],
        ClaimProblemKind.HiddenCharacter => Words["profile.hidden-character"],
        ClaimProblemKind.Form => Words[problem.Field switch
        {
            "birthdate" => "profile.birthdate-wrong",
            "zoneinfo" => "profile.zoneinfo-wrong",
            "phone_number" => "profile.phone-wrong",
            "locale" => "profile.locale-wrong",
            _ => "profile.url-wrong",
        }],
        var other => throw new UnreachableException($"A form cannot break rule {other}."),
    };
}
