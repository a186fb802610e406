namespace IdentityServer.Api;

/// <summary>A kind of refusal. Each has a section in <c>docs/api.md</c>; names and statuses never change.</summary>
/// <param name="Name">The anchor of its section.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">The kind in a few words.</param>
internal sealed record ApiProblemType(string Name, int Status, string Title)
{
    public static readonly ApiProblemType Unauthenticated = new("unauthenticated", 401, "A valid access token is needed");
    public static readonly ApiProblemType InsufficientScope = new("insufficient-scope", 403, "The access token lacks a scope");
    public static readonly ApiProblemType NotForTestUsers = new("not-for-test-users", 403, "Test users manage no clients");
    public static readonly ApiProblemType PeopleOnly = new("people-only", 403, "Only a person may do this");
    public static readonly ApiProblemType NotAdmitted = new("not-admitted", 403, "You may not register clients here");
    public static readonly ApiProblemType QuotaReached = new("quota-reached", 403, "You own as many clients as you may");
    public static readonly ApiProblemType NotFound = new("not-found", 404, "There is no such thing, or it is not yours");
    public static readonly ApiProblemType MethodNotAllowed = new("method-not-allowed", 405, "This method means nothing here");
    public static readonly ApiProblemType InvalidRequest = new("invalid-request", 400, "The request cannot be read");
    public static readonly ApiProblemType TooLarge = new("too-large", 413, "The body is too large");
    public static readonly ApiProblemType InvalidMetadata = new("invalid-metadata", 422, "What was sent breaks rules");
    public static readonly ApiProblemType PreconditionRequired = new("precondition-required", 428, "The request must say which version it changes");
    public static readonly ApiProblemType Stale = new("stale", 412, "Somebody has changed it meanwhile");
    public static readonly ApiProblemType SecretsNotTaken = new("secrets-not-taken", 409, "The client proves itself by something else than a secret");
    public static readonly ApiProblemType TooManySecrets = new("too-many-secrets", 409, "The client has as many secrets as it may");
    public static readonly ApiProblemType NotSafeToRetire = new("not-safe-to-retire", 409, "It is not known that nothing uses the secret any more");
    public static readonly ApiProblemType TooManyTestUsers = new("too-many-test-users", 409, "The client has as many test users as it may");
    public static readonly ApiProblemType UnderWay = new("idempotency-under-way", 409, "A request with this key is under way");
    public static readonly ApiProblemType KeyReused = new("idempotency-key-reused", 422, "The key belongs to another request");
    public static readonly ApiProblemType TooManyRequests = new("too-many-requests", 429, "Too many requests");
    public static readonly ApiProblemType Failure = new("failure", 500, "Something failed on our side");
    public static readonly ApiProblemType Unavailable = new("unavailable", 503, "Something that this needs is away");

    /// <summary>Every kind.</summary>
    public static IReadOnlyList<ApiProblemType> All { get; } =
    [
        Unauthenticated, InsufficientScope, NotForTestUsers, PeopleOnly, NotAdmitted, QuotaReached, NotFound, MethodNotAllowed, InvalidRequest,
        TooLarge, InvalidMetadata, PreconditionRequired, Stale, SecretsNotTaken, TooManySecrets, NotSafeToRetire,
        TooManyTestUsers, UnderWay, KeyReused, TooManyRequests, Failure, Unavailable,
    ];
}
