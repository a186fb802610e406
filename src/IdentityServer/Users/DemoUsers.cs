using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Domain.Users;
using IdentityServer.Settings;

namespace IdentityServer.Users;

/// <summary>An account that a first start in Development brings along.</summary>
/// <param name="Address">Where its codes go.</param>
/// <param name="EmailVerified">Whether clients are told that the address was checked.</param>
/// <param name="Password">Everybody knows it.</param>
/// <param name="Claims">What clients may be told.</param>
/// <param name="Administrator">Whether it decides for the operator, so that a developer sees those pages too.</param>
internal sealed record DemoUser(EmailAddress Address, bool EmailVerified, string Password, StandardClaims Claims, bool Administrator);

/// <summary>Makes the accounts of the section <c>Demo:Users</c> when the server starts, in Development and nowhere else.</summary>
internal sealed class DemoUsers(
    IReadOnlyList<DemoUser> accounts, Installation installation, IPasswordHasher hasher, IServiceScopeFactory scopes) : IHostedService
{
    /// <summary>The accounts, for the page that tells a developer how to try a sign-in. Empty outside Development.</summary>
    public IReadOnlyList<DemoUser> Accounts { get; } = installation.IsDevelopment ? accounts : [];

    public Task StartAsync(CancellationToken cancellationToken) => SeedAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Makes those that are missing and leaves the others as they are. Needs a migrated database.</summary>
    public async Task SeedAsync(CancellationToken cancellationToken)
    {
        foreach (var account in Accounts)
        {
            await using var scope = scopes.CreateAsyncScope();
            var directory = scope.ServiceProvider.GetRequiredService<UserDirectory>();
            if (await directory.FindByEmailAsync(account.Address.Normalized, cancellationToken) is null)
            {
                // Another node may have been faster; then the account is there, which is all that is wanted.
                var hash = await hasher.HashAsync(account.Password, cancellationToken);
                var made = await directory.CreateAsync(new(account.Address, hash, account.EmailVerified, account.Claims), cancellationToken);
                if (account.Administrator && made is UserCreation.Created { User.Id: var administrator })
                {
                    await scope.ServiceProvider.GetRequiredService<AccountChanges>().SetAdministratorAsync(administrator, administrator: true, cancellationToken);
                }
            }
        }
    }

    /// <summary>Reads the section: a list of items with <c>Email</c>, <c>Password</c>, perhaps <c>administrator</c>, and claims by their own names.</summary>
    public static IReadOnlyList<DemoUser> Read(IConfigurationSection? section, SettingsReport report)
    {
        var accounts = new List<DemoUser>();
        foreach (var item in section?.GetChildren() ?? [])
        {
            if (ReadOne(item, report) is { } account)
            {
                accounts.Add(account);
            }
        }

        return accounts;
    }

    private static DemoUser? ReadOne(IConfigurationSection item, SettingsReport report)
    {
        var before = report.Count;
        if (!EmailAddress.TryParse(item["email"], out var address))
        {
            report.Add(new($"{item.Path}:Email", "is not an address.", "Write it as name@example.com."));
        }
        else if (TestAddress.IsReserved(address))
        {
            report.Add(new($"{item.Path}:Email", $"lies under {TestAddress.Domain}, which is kept for test users of clients.", "Give an address under another domain."));
        }

        var password = item["password"] ?? "";
        if (PasswordRules.Check(password) is not PasswordCheck.Fine)
        {
            report.Add(new(
                $"{item.Path}:Password", "is not a password that may be chosen.",
                $"Give {PasswordRules.MinLength} to {PasswordRules.MaxLength} characters that are not among the common passwords."));
        }

        var (verified, administrator) = (Truth(item, "email_verified", report), Truth(item, "administrator", report));

        var members = item.GetChildren()
            .Where(child => child.Key.ToLowerInvariant() is not ("email" or "password" or "email_verified" or "administrator"))
            .Select(child => KeyValuePair.Create(child.Key, JsonSerializer.SerializeToElement(Json(child))));
        if (!StandardClaims.TryParse(members, out var claims, out var problems))
        {
            foreach (var problem in problems)
            {
                report.Add(new($"{item.Path}:{problem.Field}", $"{problem.Rule}.", $"Mend it: {problem.Mend}."));
            }
        }

        return report.Count == before ? new(address!, verified, password, claims!, administrator) : null;
    }

    private static bool Truth(IConfigurationSection item, string name, SettingsReport report)
    {
        var truth = Json(item.GetSection(name));
        if (truth is not null && truth.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
        {
            report.Add(new($"{item.Path}:{name}", "is not true or false.", "Give true or false."));
            return false;
        }

        return truth?.GetValue<bool>() ?? false;
    }

    // Configuration knows only texts; claims know booleans, numbers and, for an address, objects.
    private static JsonNode? Json(IConfigurationSection section)
    {
        if (section.GetChildren().Any())
        {
            return new JsonObject(section.GetChildren().Select(child => KeyValuePair.Create(child.Key, Json(child))));
        }

        return section.Value switch
        {
            null => null,
            _ when section.Key is "phone_number_verified" or "email_verified" or "administrator" && bool.TryParse(section.Value, out var truth) => truth,
            _ when section.Key is "updated_at" && long.TryParse(section.Value, out var seconds) => seconds,
            var text => text,
        };
    }
}
