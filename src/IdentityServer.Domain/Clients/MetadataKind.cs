namespace IdentityServer.Domain.Clients;

/// <summary>What a metadata member holds.</summary>
public enum MetadataKind
{
    /// <summary>A string.</summary>
    Text,

    /// <summary>A list of strings.</summary>
    TextList,

    /// <summary>True or false.</summary>
    Flag,

    /// <summary>A whole number.</summary>
    Number,

    /// <summary>A JSON object.</summary>
    Json,
}
