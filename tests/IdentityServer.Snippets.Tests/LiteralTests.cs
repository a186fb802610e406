using System.Diagnostics;
using IdentityServer.Portal.Snippets;
using IdentityServer.TestSupport;

namespace IdentityServer.Snippets.Tests;

/// <summary>The languages themselves read back what was written for them.</summary>
public sealed class LiteralTests
{
    private const string Nasty = "a\"b'c\\d`touch x`e$f{g}$h</script>#{i}%(j)s\\u0022%41 é漢😀";

    [Theory]
    [InlineData("/usr/bin/bash", "app.sh", "printf %s '?'", "-c")]
    [InlineData("/usr/bin/python3", "app.py", "import sys; sys.stdout.reconfigure(encoding=\"utf-8\"); sys.stdout.write(\"?\")", "-c")]
    [InlineData("/usr/bin/node", "app.js", "process.stdout.write(\"?\")", "-e")]
    [InlineData("/usr/bin/php", "app.php", "echo \"?\";", "-r")]
    public async Task A_value_comes_out_as_it_went_in(string interpreter, string file, string program, string option)
    {
        Requires.File(interpreter, Path.GetFileName(interpreter));
        var text = program.Replace("?", SnippetLiterals.For(file, Nasty), StringComparison.Ordinal);
        using var process = Process.Start(new ProcessStartInfo(interpreter, [option, text]) { RedirectStandardOutput = true })!;

        (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe(Nasty);
    }
}
