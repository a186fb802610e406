using System.Runtime.InteropServices;

namespace IdentityServer.Hosting;

/// <summary>
/// Makes the C library give back what native code is done with. By its own measure it keeps much of what was once needed, such as the memory
/// that the program's compilation took while it started. Works on glibc; elsewhere there is nothing to tell.
/// </summary>
internal static class NativeHeap
{
    // malloc.h: M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX. Setting either threshold also ends its growth.
    private const int TrimThreshold = -1;
    private const int MapThreshold = -3;
    private const int MostArenas = -8;

    // The compiler takes its memory in pieces of 64 KiB: each is then a mapping of its own, which is gone when it is freed.
    private const int Piece = 64 * 1024;
    private const int FreeAtTheTop = 128 * 1024;

    /// <summary>Whether whoever started the program has set limits by environment variables (mallopt(3)), which then stay.</summary>
    public static bool IsSetByEnvironment =>
        Environment.GetEnvironmentVariables().Keys.OfType<string>().Any(name => name.StartsWith("MALLOC_", StringComparison.Ordinal))
        || Environment.GetEnvironmentVariable("GLIBC_TUNABLES")?.Contains("glibc.malloc.", StringComparison.Ordinal) == true;

    /// <summary>Sets the limits.</summary>
    public static void Limit()
    {
        if (!OperatingSystem.IsLinux() || IsSetByEnvironment)
        {
            return;
        }

        try
        {
            _ = Set(TrimThreshold, FreeAtTheTop);
            _ = Set(MapThreshold, Piece);
            _ = Set(MostArenas, Math.Max(2, Environment.ProcessorCount / 2));
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another C library, with habits of its own.
        }
    }

    [DllImport("libc", EntryPoint = "mallopt", CallingConvention = CallingConvention.Cdecl)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Set(int option, int value);
}
