using Microsoft.Extensions.Primitives;

namespace IdentityServer.Trials;

/// <summary>What the authorization endpoint sent back with the browser (RFC 6749 §4.1.2, RFC 9207 §2), by the query or by a form.</summary>
internal sealed class TrialAnswer
{
    // What such an answer is made of; anything else that somebody put into the address is not ours to show.
    private static readonly string[] Names = ["code", "state", "iss", "error", "error_description", "error_uri"];

    private const int Longest = 4096;

    private readonly string _method;
    private readonly List<TrialField> _fields;

    /// <param name="method">How it came.</param>
    /// <param name="parameters">What came; a name that came twice is no answer.</param>
    public TrialAnswer(string method, IEnumerable<KeyValuePair<string, StringValues>> parameters)
    {
        _method = method;
        _fields = [.. parameters
            .Where(parameter => Names.Contains(parameter.Key, StringComparer.Ordinal) && parameter.Value is [{ Length: > 0 and <= Longest }])
            .Select(parameter => new TrialField(parameter.Key, parameter.Value[0]!))];
    }

    public string? State => Find("state");

    public string? Code => Find("code");

    public string? Issuer => Find("iss");

    public string? Error => Find("error");

    /// <summary>The answer as an exchange of the run.</summary>
    public TrialExchange Exchange(string address, DateTimeOffset now) => new()
    {
        Name = "answer",
        Method = _method,
        Address = address,
        ByBrowser = true,
        Parameters = _fields,
        At = now,
        Error = Error,
    };

    public override string ToString() => $"{nameof(TrialAnswer)} {{ Error = {Error} }}";

    private string? Find(string name) => _fields.Find(field => field.Name == name)?.Value;
}
