namespace IdentityServer.Domain.Clients;

/// <summary>One thing that is wrong with a client's metadata, said so that its owner can mend it.</summary>
/// <param name="Field">The member, with the position in a list: <c>redirect_uris[1]</c>.</param>
/// <param name="Rule">The rule that is broken; it follows the field's name in a sentence.</param>
/// <param name="Mend">What to do about it, as a sentence.</param>
public sealed record MetadataProblem(string Field, string Rule, string Mend)
{
    /// <summary>The error code that RFC 7591 §3.2.2 gives this problem.</summary>
    public string ErrorCode => Field switch
    {
        "software_statement" => "unapproved_software_statement",
        _ when Field.StartsWith("redirect_uris", StringComparison.Ordinal) => "invalid_redirect_uri",
        _ => "invalid_client_metadata",
    };

    /// <summary>Field, rule and mend in one line.</summary>
    public override string ToString() => $"{Field} {Rule}. {Mend}";
}

/// <summary>What the rules say about a client's metadata.</summary>
public abstract record ClientMetadataVerdict
{
    private ClientMetadataVerdict()
    {
    }

    /// <summary>Every rule is kept.</summary>
    /// <param name="Metadata">The metadata with every default filled in.</param>
    public sealed record Accepted(ClientMetadata Metadata) : ClientMetadataVerdict;

    /// <summary>Something is wrong.</summary>
    /// <param name="Problems">All of it, at least one.</param>
    public sealed record Refused(IReadOnlyList<MetadataProblem> Problems) : ClientMetadataVerdict;
}
