using System.Diagnostics;
using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Faults;

/// <summary>One sign-in, as far as the server has acknowledged it: only what stood in an answer that arrived whole.</summary>
/// <param name="email">An account that has no other sign-in.</param>
/// <param name="browser">The person's.</param>
/// <param name="connection">The browser's connections, closed when the sign-in is disposed.</param>
internal sealed class SignIn(string email, Browser browser, IDisposable connection) : IDisposable
{
    public string Email => email;

    public Browser Browser => browser;

    /// <summary>The request that was sent and not answered: it may have happened, or not.</summary>
    public Step? InFlight { get; set; }

    /// <summary>The answer to the password: it leads to the code page.</summary>
    public Answer? Passed { get; set; }

    /// <summary>The challenge that the answer to the password named.</summary>
    public Guid? Challenge { get; set; }

    /// <summary>The code page, with its form.</summary>
    public Answer? CodePage { get; set; }

    /// <summary>The cookies that the browser held on the code page: whoever kept them may try the code again.</summary>
    public string? KeptCookies { get; set; }

    /// <summary>The mailed code.</summary>
    public string? Code { get; set; }

    /// <summary>How many wrong codes were answered.</summary>
    public int WrongCodes { get; set; }

    /// <summary>The answer to the right code.</summary>
    public Answer? Accepted { get; set; }

    public string? AuthorizationCode { get; set; }

    /// <summary>Counted from the moment the authorization code arrived: it lives for a minute.</summary>
    public Stopwatch CodeAge { get; } = new();

    /// <summary>What the token endpoint gave; each answer after the first redeemed the refresh token of the one before.</summary>
    public List<TokenAnswer> Tokens { get; } = [];

    /// <summary>A replay was answered with a refusal.</summary>
    public bool FamilyDead { get; set; }

    /// <summary>How many writes the server has acknowledged.</summary>
    public int Acknowledged =>
        (Challenge is null ? 0 : 1) + WrongCodes + (Accepted is null ? 0 : 1) + (AuthorizationCode is null ? 0 : 1) + Tokens.Count
        + (FamilyDead ? 1 : 0);

    /// <summary>Opens the code page, which the answer to the password leads to.</summary>
    public async Task OpenCodePageAsync()
    {
        var page = await browser.FollowAsync(Passed!);
        page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
        page.Document.QuerySelector("#code").ShouldNotBeNull($"{this}: {page.Body}");
        (CodePage, KeptCookies) = (page, browser.Cookies.GetCookieHeader(page.Message.RequestMessage!.RequestUri!));
    }

    /// <summary>The browser is back at the client.</summary>
    public void TakeAuthorizationCode(Answer answer)
    {
        AuthorizationCode = answer.Parameter("code").ShouldNotBeNull($"{this}: {answer.Status} {answer.Location} {answer.Body}");
        CodeAge.Start();
    }

    public void Dispose() => connection.Dispose();

    public override string ToString() =>
        $"{Email} (answered: {WrongCodes} wrong codes, {(Accepted is null ? "no code" : "the code")}, {Tokens.Count} token answers"
        + $"{(FamilyDead ? ", a replay" : "")}; unanswered: {InFlight?.ToString() ?? "nothing"})";
}
