namespace IdentityServer.Benchmarks;

/// <summary>How much to measure.</summary>
/// <param name="SignIns">Measured sign-ins, with mail and without password hash.</param>
/// <param name="Quick">Short batches, few of them.</param>
/// <param name="Only">The operations to measure; none for all.</param>
internal sealed record Plan(int SignIns, bool Quick, IReadOnlyCollection<string> Only)
{
    public const string SignIn = "sign-in";
    public const string HashedSignIn = "hashed-sign-in";
    public const string Exchange = "exchange";
    public const string Refresh = "refresh";
    public const string UserInfo = "userinfo";
    public const string Introspection = "introspection";
    public const string Discovery = "discovery";
    public const string Start = "start";
    public const string Steps = "steps";

    /// <summary>Sign-ins of one batch: at a few milliseconds each, long against the clock's tick of 10 ms.</summary>
    public const int SignInBatch = 100;

    /// <summary>What can be measured alone.</summary>
    public static string[] Names { get; } = [SignIn, HashedSignIn, Exchange, Refresh, UserInfo, Introspection, Discovery, Start, Steps];

    /// <summary>Batches of everything but sign-ins, of which there are as many as it takes.</summary>
    public int Batches => Quick ? 5 : 15;

    /// <summary>Sign-ins before the first that counts: the runtime compiles what is hot anew, in the background, over the first seconds.</summary>
    public int WarmUpSignIns => Quick ? 200 : 600;

    /// <summary>Sign-ins with the password hash.</summary>
    public int HashedSignIns => Quick ? 100 : 500;

    /// <summary>Signed-in browsers that the other operations belong to.</summary>
    public const int Sessions = 64;

    /// <summary>Starts of each kind.</summary>
    public int Starts => Quick ? 2 : 5;

    /// <summary>Whether to measure this; a sign-in's steps only when asked for by name, since they are within the whole already.</summary>
    public bool Wants(string name) => (Only.Count == 0 && name != Steps) || Only.Contains(name, StringComparer.Ordinal);
}
