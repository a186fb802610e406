using IdentityServer.Mail;
using IdentityServer.Mail.Relays;
using IdentityServer.Outbox;
using IdentityServer.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using MimeKit;

namespace IdentityServer.Tests.Mail;

/// <summary>A transport over real listeners, on a clock that the test turns.</summary>
internal sealed class RelayHarness : IAsyncDisposable
{
    private readonly MailComposer _composer;

    public RelayHarness(params SmtpListener[] listeners)
        : this(NewTime(), listeners)
    {
    }

    public RelayHarness(FakeTimeProvider time, params SmtpListener[] listeners)
        : this(time, [.. listeners.Select(listener => new MailRelayOptions { Host = "127.0.0.1", Port = listener.Port, Security = RelaySecurity.None })])
    {
        Listeners = listeners;
    }

    public RelayHarness(params MailRelayOptions[] relays)
        : this(NewTime(), relays)
    {
    }

    private RelayHarness(FakeTimeProvider time, MailRelayOptions[] relays)
    {
        Time = time;
        var settings = MailSettings.Of(new MailOptions { From = "sign-in@example.com", Relays = relays });
        Transport = new RelayMailTransport(settings, Time, NullLogger<Relay>.Instance);
        _composer = new MailComposer(settings, Time);
    }

    public FakeTimeProvider Time { get; }

    public SmtpListener[] Listeners { get; } = [];

    public RelayMailTransport Transport { get; }

    public MimeMessage Mail(string to = "ann@example.org", string subject = "Subject") => _composer.Compose(to, new MailText(subject, "text", "html"));

    public Task<DeliveryOutcome> SendAsync(string to = "ann@example.org") => Transport.SendAsync(Mail(to), TestContext.Current.CancellationToken);

    /// <summary>Sends while a relay keeps silent at a stage, and turns the clock once it does.</summary>
    public async Task<DeliveryOutcome> SendIntoSilenceAsync(SmtpListener silent, SmtpStage stage, TimeSpan patience)
    {
        var times = silent.Reached(stage) + 1;
        var sending = SendAsync();
        await silent.ReachedAsync(stage, times, TestContext.Current.CancellationToken);
        Time.Advance(patience - TimeSpan.FromMilliseconds(1));
        sending.IsCompleted.ShouldBeFalse();
        Time.Advance(TimeSpan.FromMilliseconds(1));
        return await sending;
    }

    private static FakeTimeProvider NewTime() => new(new(2026, 3, 9, 14, 3, 20, TimeSpan.Zero));

    public async ValueTask DisposeAsync()
    {
        await Transport.DisposeAsync();
        foreach (var listener in Listeners)
        {
            await listener.DisposeAsync();
        }
    }
}
