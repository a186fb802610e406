using System.Runtime.InteropServices;
using IdentityServer.Hosting;

namespace IdentityServer.Tests.Hosting;

public sealed class NativeHeapTests
{
    // As much at a time as the just-in-time compiler asks for.
    private const int Piece = 64 * 1024;
    private const int Pieces = 1_000;

    [Fact]
    public void What_native_code_frees_in_large_pieces_goes_back_to_the_system()
    {
        Assert.SkipUnless(TryCount(out _), "Only glibc can be told, and asked.");
        Assert.SkipWhen(NativeHeap.IsSetByEnvironment, "Environment variables say otherwise.");
        NativeHeap.Limit();
        TryCount(out var before);

        var pieces = Enumerable.Range(0, Pieces).Select(_ => Marshal.AllocHGlobal(Piece)).ToList();
        TryCount(out var between);
        pieces.ForEach(Marshal.FreeHGlobal);

        // Mappings of their own are unmapped when they are freed. Some pieces may come out of what was free already.
        (between - before).ShouldBeGreaterThan(Pieces / 2);
    }

    private static bool TryCount(out long mappings)
    {
        try
        {
            mappings = Ask().Mappings;
            return true;
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            mappings = 0;
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "mallinfo2", CallingConvention = CallingConvention.Cdecl)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern Usage Ask();

    // mallinfo(3): ten numbers, of which the fourth is of blocks that are mappings of their own.
    [StructLayout(LayoutKind.Sequential)]
    private struct Usage
    {
        public nint Arena, Free, Fast, Mappings, Mapped, MostUsed, FastBytes, Used, FreeBytes, Keepable;
    }
}
