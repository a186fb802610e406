using System.Text.Json.Serialization;
using IdentityServer.Domain.Clients;
using IdentityServer.Pages;

namespace IdentityServer.Api;

/// <summary>
/// A refusal (RFC 9457): <c>type</c> says which, for programs; <c>title</c> says the same to people, and <c>detail</c> what is the matter
/// this time and how it is mended.
/// </summary>
/// <param name="Type">Where it is described; stable, so that programs may compare it.</param>
/// <param name="Title">The kind in a few words; always the same for a type.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong and how to mend it.</param>
internal sealed record ApiProblem(string Type, string Title, int Status, string Detail)
{
    /// <summary>The media type of problems.</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>Where the types are described, as a reference that the address of any answer resolves the same.</summary>
    private const string Described = "/docs/api.md#";

    // An answer should not be larger than what it answers.
    private const int MostProblems = 50;

    /// <summary>What is wrong with each member of the metadata; left out when it is about something else.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ApiFieldProblem>? Problems { get; init; }

    /// <summary>What the operator finds the request by; left out where there is nothing to find.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reference { get; init; }

    /// <summary>A refusal.</summary>
    public static ApiAnswer Of(ApiProblemType type, string detail) => new ApiProblem(AddressOf(type), type.Title, type.Status, detail).ToAnswer();

    /// <summary>A refusal that may be over later.</summary>
    public static ApiAnswer Later(ApiProblemType type, string detail, TimeSpan wait) => Of(type, detail) with { RetryAfter = WaitAnswer.Seconds(wait) };

    /// <summary>A failure of ours, with what the operator finds it by in the log.</summary>
    public static ApiAnswer OfFailure(string detail, string reference)
    {
        var type = ApiProblemType.Failure;
        return new ApiProblem(AddressOf(type), type.Title, type.Status, detail) { Reference = reference }.ToAnswer();
    }

    /// <summary>Metadata that breaks rules: all of them at once.</summary>
    public static ApiAnswer Of(IReadOnlyList<MetadataProblem> problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        var type = ApiProblemType.InvalidMetadata;
        return new ApiProblem(AddressOf(type), type.Title, type.Status, problems[0].ToString())
        {
            Problems = [.. problems.Take(MostProblems).Select(problem => new ApiFieldProblem(problem.Field, problem.Rule, problem.Mend))],
        }.ToAnswer();
    }

    /// <summary>The address of a type's description.</summary>
    public static string AddressOf(ApiProblemType type) => Described + type.Name;

    public ApiAnswer ToAnswer() => new(Status, ApiJson.Write(this), MediaType);
}

/// <summary>One thing that is wrong with the metadata.</summary>
/// <param name="Field">The member, with the position in a list: <c>redirect_uris[1]</c>.</param>
/// <param name="Rule">What it breaks; it follows the field's name in a sentence.</param>
/// <param name="Mend">What to do about it.</param>
internal sealed record ApiFieldProblem(string Field, string Rule, string Mend);
