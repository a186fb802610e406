using System.Runtime.CompilerServices;

namespace IdentityServer.Tests.Support;

/// <summary>Where things lie in the working copy.</summary>
internal static class Repository
{
    /// <summary>The folder of IdentityServer.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Where screenshots go; git ignores it.</summary>
    public static string Screenshots { get; } = Directory.CreateDirectory(Path.Combine(Root, "artifacts", "screenshots")).FullName;

    /// <summary>A project's built assembly, of the configuration that these tests were built in.</summary>
    public static string Built(string projectFolder, string assembly)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(Root, projectFolder, "bin", framework.Parent!.Name, framework.Name, assembly);
    }

    private static string FindRoot([CallerFilePath] string here = "")
    {
        var folder = new DirectoryInfo(Path.GetDirectoryName(here)!);
        while (!File.Exists(Path.Combine(folder.FullName, "IdentityServer.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"No IdentityServer.sln above {here}.");
        }

        return folder.FullName;
    }
}
