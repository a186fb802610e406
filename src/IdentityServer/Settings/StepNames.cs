namespace IdentityServer.Settings;

/// <summary>
/// Names for the step after the password, as people write them into configurations: words about the step (<c>disable</c>, <c>mail</c>), a
/// name of it (<c>mfa</c>, <c>onetimecode</c>), words about what of it is meant (<c>lifetime</c>, <c>optional</c>). Words are looked up from
/// each place that other words lead to, which takes time in proportion to the name's length however its words overlap.
/// </summary>
internal static class StepNames
{
    private static readonly string[] _before = Words(
        """
        is use no not on off skip without omit ignore allow bypass suppress exempt from optional mandatory turnoff turnon
        disable disabled enable enabled require requires required force enforce send mail email emailed mailed signin login
        """);

    private static readonly string[] _step = Words(
        """
        otp otps otc mfa 2fa twofa twofactor twofactorauth twofactorauthentication multifactor multifactorauth multifactorauthentication
        secondfactor secondstep twostep twostepverification onetimecode onetimecodes onetimepassword onetimepasswords onetimepasscode
        onetimepasscodes onetimepin onetimepins passcode passcodes verificationcode verificationcodes code codes codestep signin signinpolicy
        guessbudget rememberdevice rememberdevices rememberbrowser rememberbrowsers rememberthisdevice rememberthisdevices
        rememberthisbrowser rememberthisbrowsers remembereddevice remembereddevices rememberedbrowser rememberedbrowsers
        trusteddevice trusteddevices trustedbrowser trustedbrowsers
        """);

    private static readonly string[] _after = Words(
        """
        length digit digits lifetime validity validfor ttl expiry expiration expires expiresin timeout seconds minutes attempts maxattempts
        tries alphabet format policy options settings mode step check verification exempt exemption exemptions exemptusers exemptclients
        whitelist allowlist bypass skip optional mandatory requirement require required enable enabled disable disabled off on
        """);

    /// <summary>Whether this is such a name, from its first letter to its last.</summary>
    /// <param name="name">In small letters and digits alone.</param>
    public static bool Contains(string name)
    {
        var begins = Places(name, [0], _before);
        var ends = begins.SelectMany(place => Ends(name, place, _step));
        return Places(name, ends, _after).Contains(name.Length);
    }

    // Every place that any number of these words leads to.
    private static HashSet<int> Places(string name, IEnumerable<int> from, string[] words)
    {
        var reached = from.ToHashSet();
        var next = new Queue<int>(reached);
        while (next.TryDequeue(out var place))
        {
            foreach (var end in Ends(name, place, words).Where(reached.Add))
            {
                next.Enqueue(end);
            }
        }

        return reached;
    }

    private static IEnumerable<int> Ends(string name, int place, string[] words) =>
        words.Where(word => string.CompareOrdinal(name, place, word, 0, word.Length) == 0).Select(word => place + word.Length);

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
