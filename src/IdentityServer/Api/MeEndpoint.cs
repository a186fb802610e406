using IdentityServer.Ownership;
using IdentityServer.Storage;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Api;

/// <summary>Who calls, as the API sees them.</summary>
/// <param name="Kind">Whether the token speaks for a person or for a client.</param>
/// <param name="Email">The person's address; null for a machine.</param>
/// <param name="ClientId">The client that was given the token.</param>
/// <param name="Scopes">What the token may do.</param>
/// <param name="MayRegister">Whether new clients may be registered with it: by a person whom the operator admits, while the quota lasts.</param>
/// <param name="Quota">How many clients the person owns, and may; null for a machine.</param>
internal sealed record ApiMe(ApiCallerKind Kind, string? Email, string ClientId, IReadOnlyList<string> Scopes, bool MayRegister, ApiQuota? Quota);

/// <summary>For whom a token speaks.</summary>
internal enum ApiCallerKind
{
    /// <summary>A person, who manages what they own.</summary>
    Person,

    /// <summary>A client, which manages itself and what its owners let it.</summary>
    Machine,
}

/// <summary>How many clients a person may own.</summary>
/// <param name="Used">So many they do.</param>
/// <param name="Most">So many they may.</param>
/// <param name="Left">So many they may register yet.</param>
internal sealed record ApiQuota(int Used, int Most, int Left);

internal static class MeEndpoint
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/me", ReadAsync).For("getMe", scope: null)
        .WithSummary("Who the access token speaks for, and what it may do.").Produces<ApiMe>();

    private static async Task<ApiAnswer> ReadAsync(
        HttpContext context, [FromServices] IdentityServerDbContext db, [FromServices] PortalOptions options, CancellationToken cancellationToken)
    {
        var caller = ApiCaller.Of(context);
        if (caller.Actor is not Actor.Person { User: var user })
        {
            return ApiAnswer.Of(new ApiMe(ApiCallerKind.Machine, null, caller.ClientId, caller.Scopes, MayRegister: false, null));
        }

        var used = await db.ClientOwners.CountAsync(owner => owner.UserId == user.Id, cancellationToken);
        var left = Math.Max(0, options.ClientsPerPerson - used);
        return ApiAnswer.Of(new ApiMe(
            ApiCallerKind.Person, user.Email, caller.ClientId, caller.Scopes, options.Admits(user) && left > 0, new(used, options.ClientsPerPerson, left)));
    }
}
