using System.Runtime.ExceptionServices;
using Cassini.Streams.Events;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Listening.Connections;

/// <summary>An open connection as its handler sees it: the peer proved who it is, and <see cref="Stream"/> carries plain bytes.</summary>
public sealed class Connection
{
    private readonly ConnectionStream _stream;
    private readonly ConnectionFate _fate;
    private ExceptionDispatchInfo? _crash;

    internal Connection(
        long id, string endpoint, string remoteAddress, Account account,
        ConnectionStream stream, ConnectionFate fate, IEventPublisher events, bool isProbe)
    {
        Id = id;
        Endpoint = endpoint;
        RemoteAddress = remoteAddress;
        Account = account;
        _stream = stream;
        _fate = fate;
        Events = events;
        IsProbe = isProbe;
    }

    /// <summary>1, 2, 3 … within the epoch; negative for a probe's.</summary>
    public long Id { get; }

    /// <summary>The endpoint as configured.</summary>
    public string Endpoint { get; }

    /// <summary>The peer's <c>address:port</c>.</summary>
    public string RemoteAddress { get; }

    /// <summary>The identity in the peer's client certificate.</summary>
    public string Identity => Account.Identity;

    /// <summary>
    /// The bytes to and from the peer, asynchronous only: one reader and one writer at a time. Reading no bytes into an empty buffer
    /// waits until there are some.
    /// </summary>
    public Stream Stream => _stream;

    /// <summary>Application bytes read so far.</summary>
    public long BytesReceived => _stream.BytesReceived;

    /// <summary>Application bytes written so far.</summary>
    public long BytesSent => _stream.BytesSent;

    /// <summary>Whether the peer sent bytes that nothing has read yet. Any thread.</summary>
    internal bool HasUnread => _stream.HasUnread;

    /// <inheritdoc cref="ITransport.Memory"/>
    internal AccountMemory Memory
    {
        set => _stream.Memory = value;
    }

    /// <inheritdoc cref="ConnectionStream.StaysOnSocketThread"/>
    internal bool StaysOnSocketThread
    {
        set => _stream.StaysOnSocketThread = value;
    }

    /// <summary>Whether it is our own canary: in no count, table or log.</summary>
    internal bool IsProbe { get; }

    /// <summary>Cancelled at shutdown, also when the connection ends already for another reason.</summary>
    internal CancellationToken Stopping { get; init; }

    /// <summary>What its identity has of what all share.</summary>
    internal Account Account { get; }

    /// <summary>Where its life is published, and that of its session: the hub; a probe's is for the probe alone.</summary>
    internal IEventPublisher Events { get; }

    /// <summary>Why the connection must end; null while it need not.</summary>
    internal CloseReason? Closing => _fate.Closing;

    /// <summary>The bug that showed on another thread than the handler's; null for none. Any thread.</summary>
    internal ExceptionDispatchInfo? Crash => Volatile.Read(ref _crash);

    /// <summary>
    /// Ends the connection for a reason of the protocol's: the handler's token is cancelled. The first reason counts. Any thread.
    /// </summary>
    internal void Close(CloseReason reason) => _fate.TryClose(reason);

    /// <summary>
    /// Keeps the bug of a connection that is then closed as crashed, so that it is known although the handler does not end. The first
    /// counts. Any thread.
    /// </summary>
    internal void KeepCrash(Exception crash) => Interlocked.CompareExchange(ref _crash, ExceptionDispatchInfo.Capture(crash), null);

    /// <summary>Closes the session, which the handler cannot do. Called because it did not end in time; null for nothing to call.</summary>
    internal Func<Task>? Abandoned { get; set; }

    /// <summary>Decides why it ends, once for the session and the connection. Any thread.</summary>
    /// <param name="failure">What serving it threw; null for nothing.</param>
    internal CloseReason Settle(Exception? failure) =>
        Settle(failure is not null && IsBug(failure) ? CloseReason.Crashed : _stream.HowItEnded);

    /// <summary>The same, when another reason was observed. Any thread.</summary>
    internal CloseReason Settle(CloseReason observed) => _fate.Settle(observed);

    /// <summary>Whether the transport does not explain a failure of what serves it. Any thread.</summary>
    internal bool IsBug(Exception failure) => !_stream.Explains(failure);
}
