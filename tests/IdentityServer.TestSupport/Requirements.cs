using Xunit;

namespace IdentityServer.TestSupport;

/// <summary>
/// What some tests need of the machine. Where it is missing they are skipped with a reason, so that <c>dotnet test</c> works with
/// nothing but the SDK; with <c>IDENTITYSERVER_REQUIRE_ALL=1</c>, as <c>.ci/run</c> sets it, they fail instead.
/// </summary>
public static class Requires
{
    private const string ConnectionStringVariable = "IDENTITYSERVER_TEST_POSTGRES";
    private const string RequireAllVariable = "IDENTITYSERVER_REQUIRE_ALL";

    private static readonly string[] ChromiumPaths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    /// <summary>A PostgreSQL whose role may create databases.</summary>
    /// <returns>The connection string of a database that the tests may use.</returns>
    public static string PostgreSql()
    {
        if (Environment.GetEnvironmentVariable(ConnectionStringVariable) is { Length: > 0 } connectionString)
        {
            return connectionString;
        }

        Missing($"{ConnectionStringVariable} names no PostgreSQL database.");
        return "";
    }

    /// <summary>A Chromium.</summary>
    /// <returns>The path of its executable.</returns>
    public static string Chromium()
    {
        if (Array.Find(ChromiumPaths, System.IO.File.Exists) is { } path)
        {
            return path;
        }

        Missing($"No Chromium at {string.Join(", ", ChromiumPaths)}.");
        return "";
    }

    /// <summary>A file that the build makes where something is installed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="installed">What has to be installed for it.</param>
    public static void File(string path, string installed)
    {
        if (!System.IO.File.Exists(path))
        {
            Missing($"There is no {Path.GetFileName(path)}: it needs {installed}.");
        }
    }

    private static void Missing(string reason)
    {
        if (Environment.GetEnvironmentVariable(RequireAllVariable) == "1")
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
    }
}
