using System.Reflection;
using System.Text.RegularExpressions;

namespace IdentityServer.Tests.Protocol;

/// <summary>What the server promises at its endpoints is written down line by line, and each line is proven by tests that bear its name.</summary>
public sealed partial class LinesTests
{
    /// <summary>The lines: of discovery (D), authorization (A), token (T), userinfo (U), registration (R) and logout (L).</summary>
    public static TheoryData<string> Lines =>
    [
        "D1", "D2", "D3", "D4", "D5",
        "A1", "A2", "A3", "A5", "A6", "A7", "A8", "A9", "A10", "A11", "A12", "A13", "A14", "A15", "A16", "A17", "A20", "A21", "A22", "A23",
        "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12", "T13",
        "U1", "U2", "U3", "U4", "U5", "U6",
        "R1", "R2", "R3", "R4", "R5", "R6",
        "L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10",
    ];

    [Theory]
    [MemberData(nameof(Lines))]
    public void A_line_of_the_protocol_has_a_test_that_is_named_after_it(string line) =>
        Tests().ShouldContain(name => name.StartsWith(line + "_", StringComparison.Ordinal), $"No test proves {line}.");

    [Fact]
    public void A_test_is_named_after_a_line_that_there_is() =>
        Tests().Select(name => Line().Match(name)).Where(match => match.Success).Select(match => match.Groups[1].Value).Distinct()
            .ShouldBeSubsetOf(Lines.Select(row => row.Data));

    private static List<string> Tests() =>
        [.. typeof(LinesTests).Assembly.GetTypes().SelectMany(type => type.GetMethods()).Where(method => method.IsDefined(typeof(FactAttribute), inherit: true)).Select(method => method.Name)];

    [GeneratedRegex("^([DATURL][0-9]+)_")]
    private static partial Regex Line();
}
