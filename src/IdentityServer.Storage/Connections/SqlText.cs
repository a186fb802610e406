namespace IdentityServer.Storage.Connections;

/// <summary>
/// A statement that both databases understand: quoted names, and parameters as <c>$1</c>, <c>$2</c>, which PostgreSQL takes by
/// position (so Npgsql has nothing to rewrite) and SQLite by name. Made once and kept: prepared commands are found by it.
/// </summary>
internal sealed class SqlText(string text)
{
    public string Text { get; } = text;
}
