using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Domain.Users;

namespace IdentityServer.Account;

/// <summary>A profile as a form has it: texts by field. Reads and makes <see cref="StandardClaims"/>.</summary>
internal static class ProfileForm
{
    /// <summary>What stands in the fields for an account.</summary>
    public static Dictionary<string, string> Read(StandardClaims claims)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in ProfileFields.All)
        {
            if (Find(claims, field.Name) is { ValueKind: JsonValueKind.String } value)
            {
                values[field.Name] = value.GetString()!;
            }
        }

        return values;
    }

    /// <summary>
    /// Makes claims of what was typed. Empty fields are left out; a number is verified no longer once it is another one.
    /// </summary>
    /// <param name="values">What was typed, by field.</param>
    /// <param name="before">The claims that the account has.</param>
    /// <param name="claims">The claims, when every field obeys its rule.</param>
    /// <param name="problems">What is wrong.</param>
    public static bool TryMake(
        IReadOnlyDictionary<string, string> values, StandardClaims before, out StandardClaims? claims, out IReadOnlyList<ClaimProblem> problems)
    {
        var made = new JsonObject();
        var address = new JsonObject();
        foreach (var (name, text) in values.Where(value => !string.IsNullOrWhiteSpace(value.Value)))
        {
            if (name.StartsWith(ProfileFields.Address, StringComparison.Ordinal))
            {
                address[name[ProfileFields.Address.Length..]] = text.ReplaceLineEndings("\n").Trim();
            }
            else
            {
                made[name] = text.Trim();
            }
        }

        if (address.Count > 0)
        {
            made["address"] = address;
        }

        // What no field shows stays as it is.
        foreach (var (name, value) in before.Members.Where(member => member.Key is "phone_number_verified" or "updated_at"))
        {
            if (name != "phone_number_verified" || Same(before, made, "phone_number"))
            {
                made[name] = JsonNode.Parse(value.GetRawText());
            }
        }

        var members = JsonSerializer.SerializeToElement(made).EnumerateObject().Select(member => KeyValuePair.Create(member.Name, member.Value));
        return StandardClaims.TryParse(members, out claims, out problems);
    }

    private static bool Same(StandardClaims before, JsonObject made, string name) =>
        before.Members.TryGetValue(name, out var old) && made[name] is { } now && old.GetString() == now.GetValue<string>();

    private static JsonElement? Find(StandardClaims claims, string name)
    {
        if (!name.StartsWith(ProfileFields.Address, StringComparison.Ordinal))
        {
            return claims.Members.TryGetValue(name, out var value) ? value : null;
        }

        return claims.Members.TryGetValue("address", out var address) && address.ValueKind == JsonValueKind.Object
            && address.TryGetProperty(name[ProfileFields.Address.Length..], out var member) ? member : null;
    }
}
