using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Diagnostics;

/// <summary>
/// What one request says of a client: whom it concerns, what to count, and why it failed. A feature of the request, handed to
/// <see cref="ClientInsight"/> when the answer begins. What names no client that exists is dropped.
/// </summary>
internal sealed class ClientTrail
{
    /// <summary>The most that is kept of one detail, in characters; what is longer ends in an ellipsis.</summary>
    internal const int LongestDetail = 300;

    private const int LongestEndpoint = 100;
    private const int ReferenceBytes = 6;

    private readonly HttpContext _context;
    private readonly List<string> _kinds = new(2);
    private string? _reference;
    private string? _code;
    private string? _endpoint;
    private string _details = "{}";

    private ClientTrail(HttpContext context) => _context = context;

    /// <summary>
    /// What whoever sees the error page can tell, and the client's owner can look up: 12 lower-case hexadecimal characters. It says nothing
    /// and opens nothing.
    /// </summary>
    public string Reference => _reference ??= Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(ReferenceBytes));

    /// <summary>The <see cref="Client.Id"/> of the client; null until somebody knows it.</summary>
    internal string? ClientRowId { get; private set; }

    /// <summary>What is to be counted.</summary>
    internal IReadOnlyList<string> Kinds => _kinds;

    /// <summary>Why the request failed, one of <see cref="Domain.Diagnosis.FailureCodes"/>; null when it did not.</summary>
    internal string? FailureCode => _code;

    /// <summary>The trail of a request. Say what there is to say before the answer begins: it is handed over then.</summary>
    public static ClientTrail Of(HttpContext context)
    {
        if (context.Features.Get<ClientTrail>() is { } trail)
        {
            return trail;
        }

        trail = new(context);
        context.Features.Set(trail);
        return trail;
    }

    /// <summary>Says whose request it is. The last word counts: who knows later knows better.</summary>
    /// <param name="clientRowId">The <see cref="Client.Id"/> of a client that exists, not its <c>client_id</c>.</param>
    public void Concerns(string clientRowId) => ClientRowId = clientRowId;

    /// <summary>Counts one for the client.</summary>
    /// <param name="activityKind">One of <see cref="Domain.Diagnosis.ActivityKinds"/>.</param>
    public void Count(string activityKind) => _kinds.Add(activityKind);

    /// <summary>Says that the request failed, and why. The first reason counts: what fails after it does so because of it.</summary>
    /// <param name="failureCode">One of <see cref="Domain.Diagnosis.FailureCodes"/>.</param>
    /// <param name="details">
    /// What the code's sentence names: owners read it, so never a secret, a code, a token or an address. Long values are cut, and characters
    /// that nobody would see are written out.
    /// </param>
    public void Fail(string failureCode, params ReadOnlySpan<(string Name, string Value)> details)
    {
        if (_code is not null)
        {
            return;
        }

        // The path of now: the error page runs under another.
        (_code, _endpoint) = (failureCode, Visible(_context.Request.Path.Value ?? "", LongestEndpoint));
        if (!details.IsEmpty)
        {
            var facts = new Dictionary<string, string>(details.Length, StringComparer.Ordinal);
            foreach (var (name, value) in details)
            {
                facts[name] = Visible(value, LongestDetail);
            }

            _details = JsonSerializer.Serialize(facts);
        }
    }

    /// <summary>The failure as a row; null when none was told, or of no client.</summary>
    internal ClientFailure? Failure(DateTimeOffset at) => _code is null || ClientRowId is null ? null : new()
    {
        Id = Reference,
        ClientRowId = ClientRowId,
        At = at,
        Code = _code,
        Endpoint = _endpoint!,
        Details = _details,
    };

    // Whoever made the request chose these characters: none may hide, turn the line round, or be what a database refuses.
    private static string Visible(string value, int longest)
    {
        var text = new StringBuilder(Math.Min(value.Length, longest));
        foreach (var rune in value.EnumerateRunes())
        {
            var shown = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                ? string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}")
                : rune.ToString();
            if (text.Length + shown.Length > longest)
            {
                // Room for the ellipsis, without tearing a pair of surrogates.
                text.Length = Math.Min(text.Length, longest - 1);
                if (text.Length > 0 && char.IsHighSurrogate(text[^1]))
                {
                    text.Length--;
                }

                return text.Append('…').ToString();
            }

            text.Append(shown);
        }

        return text.ToString();
    }
}
