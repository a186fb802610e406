using System.Net;
using System.Text;
using IdentityServer.Egress;

namespace IdentityServer.Tests.Egress;

/// <summary>The other end of one connection: takes anything, says what it says, and then goes on, breaks, or falls silent.</summary>
internal sealed class StagedAnswer(string says, bool endless = false, bool breaks = false) : Stream
{
    /// <summary>Where it is found.</summary>
    public static readonly Uri Address = new("http://127.0.0.1:5090/");

    private readonly MemoryStream _says = new(Encoding.ASCII.GetBytes(says));
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Everything that it says was read, and more is waited for.</summary>
    public Task Over => _over.Task;

    /// <summary>How many bytes were read.</summary>
    public long Taken { get; private set; }

    public bool Closed => _closed.Task.IsCompleted;

    /// <summary>A client that gets this answer.</summary>
    public EgressClient Client(TimeProvider clock) => new(
        new EgressPolicy(new EgressOptions { AllowedHosts = [Address.Authority] }, development: true), new OneConnection(this), new EgressTrust(), clock);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var said = _says.Read(buffer.Span);
        if (said == 0 && endless)
        {
            buffer.Span.Fill((byte)'x');
            said = buffer.Length;
        }

        Taken += said;
        if (said > 0)
        {
            return said;
        }

        _over.TrySetResult();
        if (!breaks)
        {
            await _closed.Task.WaitAsync(cancellationToken); // a socket's read ends when the socket is closed
        }

        throw new IOException("The connection is no more.");
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _closed.TrySetResult();
        base.Dispose(disposing);
    }
}

/// <summary>A network in which every connection is this one.</summary>
internal sealed class OneConnection(Stream stream) : IEgressNetwork
{
    public Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken ct) => throw new NotSupportedException();

    public Task<Stream> ConnectAsync(IPEndPoint to, CancellationToken ct) => Task.FromResult(stream);
}
