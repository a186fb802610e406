using System.Net;
using IdentityServer.Settings;

namespace IdentityServer.Mail;

/// <summary>How a connection to a relay is protected. Certificates are always checked; nothing turns that off.</summary>
internal enum RelaySecurity
{
    /// <summary>In the clear: relays on this machine only.</summary>
    None,

    /// <summary>STARTTLS, demanded (RFC 3207); a relay that does not offer it gets no mail.</summary>
    StartTls,

    /// <summary>TLS from the first byte (RFC 8314 §3.3).</summary>
    Tls,
}

/// <summary>The section <c>Mail</c>: who mails come from and which relays take them.</summary>
internal sealed class MailOptions : ISettings
{
    public static string Section => "Mail";

    /// <summary>The address that mails come from, with or without a display name: <c>Example &lt;sign-in@example.com&gt;</c>.</summary>
    public string? From { get; set; }

    /// <summary>The relays, tried in this order. Without any, Development keeps mails in its own mailbox; elsewhere one is needed.</summary>
    public IList<MailRelayOptions> Relays { get; set; } = [];

    public void Check(SettingsCheck check)
    {
        const string mend = "Set the address that mails come from, such as sign-in@example.com or Example <sign-in@example.com>.";
        if (string.IsNullOrWhiteSpace(From))
        {
            check.Refuse(nameof(From), "is missing.", mend);
        }
        else if (!MailAddress.TryRead(From, allowName: true, out _))
        {
            check.Refuse(nameof(From), "is not one e-mail address.", mend);
        }

        check.Require(
            Relays.Count > 0 || check.Development,
            nameof(Relays),
            "is empty, and without a relay nobody receives a code.",
            "Set Mail:Relays:0:Host, and Port, Security, UserName and Password as the relay needs them.");
        for (var index = 0; index < Relays.Count; index++)
        {
            Relays[index].Check(check, $"{nameof(Relays)}:{index}");
        }
    }
}

/// <summary>One entry of <c>Mail:Relays</c>.</summary>
internal sealed class MailRelayOptions
{
    public string? Host { get; set; }

    /// <summary>1 to 65535; left out, it follows from <see cref="Security"/>: 587, 465 or 25.</summary>
    public int? Port { get; set; }

    public RelaySecurity Security { get; set; } = RelaySecurity.StartTls;

    public string? UserName { get; set; }

    public string? Password { get; set; }

    /// <summary>Reports what does not do; keys are given below <paramref name="key"/>.</summary>
    public void Check(SettingsCheck check, string key)
    {
        if (string.IsNullOrWhiteSpace(Host))
        {
            check.Refuse($"{key}:Host", "is missing.", "Set the relay's name, such as smtp.example.com.");
        }
        else if (Uri.CheckHostName(Host) == UriHostNameType.Unknown)
        {
            check.Refuse($"{key}:Host", "is not a host name.", $"Give the name or IP address alone; the port belongs in Mail:{key}:Port.");
        }
        else if (Security == RelaySecurity.None && !IsLoopback(Host))
        {
            check.Refuse(
                $"{key}:Security",
                "is None, but the relay is another machine: anyone on the way could read the codes.",
                "Use StartTls or Tls; None is for localhost, 127.0.0.1 and ::1 only.");
        }

        check.Require(
            Port is null or (>= 1 and <= IPEndPoint.MaxPort),
            $"{key}:Port",
            "is not a port.",
            "Give a number from 1 to 65535, usually 587 for StartTls and 465 for Tls.");
        check.Require(
            string.IsNullOrEmpty(UserName) || !string.IsNullOrEmpty(Password),
            $"{key}:Password",
            "is missing although there is a UserName.",
            "Set both, or neither.");
        check.Require(
            string.IsNullOrEmpty(Password) || !string.IsNullOrEmpty(UserName),
            $"{key}:UserName",
            "is missing although there is a Password.",
            "Set both, or neither.");
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
