using System.Globalization;
using System.Security.Claims;
using IdentityServer.Clients;
using IdentityServer.Clients.Diagnosis;
using IdentityServer.Domain.Diagnosis;
using OpenIddict.Abstractions;
using OpenIddict.Server;

namespace IdentityServer.Protocol.Diagnosis;

/// <summary>A request that was refused, for those who find out which mistake it was.</summary>
/// <param name="By">The handler that refused it; see <see cref="Dispatching.RefusedBy"/>.</param>
/// <param name="Error">The protocol's error.</param>
/// <param name="Id">OpenIddict's name for the fault, such as <c>ID2043</c>; null where the rule is ours.</param>
/// <param name="Description">The sentence that is sent; ours are taken from, OpenIddict's are not.</param>
/// <param name="Request">What was asked.</param>
/// <param name="Endpoint">Where.</param>
/// <param name="Client">Who asked, or says so; null when nobody that there is.</param>
/// <param name="Token">The token of ours that came, if it could be read.</param>
/// <param name="Now">The time.</param>
internal sealed record Refusal(
    Type By,
    string Error,
    string? Id,
    string? Description,
    OpenIddictRequest Request,
    OpenIddictServerEndpointType Endpoint,
    CachedClient? Client,
    ClaimsPrincipal? Token,
    DateTimeOffset Now)
{
    /// <summary>The handler, without the event that a generic one serves.</summary>
    public Type Rule => By.IsGenericType ? By.GetGenericTypeDefinition() : By;

    /// <summary>A failure that concerns an address: what came, what is registered nearest, and the kind of difference.</summary>
    public static ClientMistake Address(string code, string? received, IReadOnlyList<string> registered)
    {
        var difference = RedirectUriDifference.Of(received ?? "", registered);
        return new(
            code,
            ("received", Quotable.Uri(received, registered)),
            ("registered", difference.Registered ?? "-"),
            ("difference", difference.Kind));
    }

    /// <summary>How long the token that came has been over, as a fact.</summary>
    public (string Name, string Value) SecondsOver =>
        ("seconds", (Token?.GetExpirationDate() is { } end ? Math.Max(0, (Now - end).TotalSeconds) : 0).ToString("0", CultureInfo.InvariantCulture));

    /// <summary>A parameter of the request, as far as it may be quoted.</summary>
    public (string Name, string Value) Received(string parameter) => ("received", Quotable.Word((string?)Request.GetParameter(parameter)));
}
