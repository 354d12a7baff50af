using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Cluster.Engine;

namespace Cassini.Streams.Cluster.Retained;

/// <summary>This node and one run of a peer come to have the same retained messages: each gets what it lacks. Thread-safe.</summary>
internal sealed class RetainedSync : IDisposable
{
    private readonly Lock _lock = new();
    private readonly IBus _bus;
    private readonly string _to;
    private readonly ulong _own;
    private readonly ulong _peer;
    private readonly RetainedSource _source;
    private readonly RetainedPull _pull;
    private readonly IDisposable _subscription;

    /// <param name="peer">The peer.</param>
    /// <param name="retained">The retained messages.</param>
    /// <param name="publisher">Takes what comes.</param>
    /// <param name="durability">How far the store is.</param>
    /// <param name="bus">Carries what they say: the connection of messages.</param>
    /// <param name="subjects">Where the peer hears this node, and where this node hears the peer.</param>
    /// <param name="runs">This run, and that of the peer.</param>
    /// <param name="time">The one clock.</param>
    public RetainedSync(
        Subscriber peer, RetainedMessages retained, PeerPublisher publisher, Durability durability, IBus bus,
        (string To, string From) subjects, (ulong Own, ulong Peer) runs, TimeProvider time)
    {
        _bus = bus;
        _to = subjects.To;
        (_own, _peer) = runs;
        _source = new RetainedSource(retained, bus, time);
        _pull = new RetainedPull(peer, retained, publisher, durability, bus, Send, time);
        _subscription = bus.Subscribe(subjects.From, Receive);
    }

    /// <inheritdoc cref="RetainedPull.IsKnown"/>
    public bool IsKnown
    {
        get
        {
            lock (_lock)
            {
                return _pull.IsKnown;
            }
        }
    }

    /// <inheritdoc cref="RetainedPull.Missing"/>
    public long Missing
    {
        get
        {
            lock (_lock)
            {
                return _pull.Missing;
            }
        }
    }

    /// <inheritdoc cref="RetainedPull.KnownUpTo"/>
    public ulong KnownUpTo
    {
        get
        {
            lock (_lock)
            {
                return _pull.KnownUpTo;
            }
        }
    }

    /// <inheritdoc cref="RetainedPull.OnBeat"/>
    public void OnBeat(ulong? digest, DateTimeOffset at)
    {
        lock (_lock)
        {
            _pull.OnBeat(digest, at);
        }
    }

    /// <inheritdoc cref="RetainedPull.Look"/>
    public void Look()
    {
        lock (_lock)
        {
            _pull.Look();
        }
    }

    /// <summary>Nothing comes any more.</summary>
    public void Dispose() => _subscription.Dispose();

    private void Receive(ReadOnlyMemory<byte> message)
    {
        if (!SyncHeader.TryRead(message.Span, out var header) || header.Sender != _peer || header.Receiver != _own)
        {
            return;
        }

        var body = message.Span[SyncHeader.Size..];
        lock (_lock)
        {
            switch (header.Kind)
            {
                case SyncKind.DigestsWanted:
                    Answer(SyncKind.Digests, header, _source.Digests());
                    break;
                case SyncKind.ListWanted when _source.List(header.Round, header.Step, body) is { } list:
                    Answer(SyncKind.List, header, list);
                    break;
                case SyncKind.MessagesWanted:
                    Answer(SyncKind.Messages, header, _source.Messages(body));
                    break;
                case SyncKind.Offered:
                    Answer(SyncKind.Removed, header, _source.Removed(body));
                    break;
                default:
                    _pull.Receive(header, body);
                    break;
            }
        }
    }

    private void Answer(SyncKind kind, in SyncHeader request, SyncBody body) => Send(kind, request.Round, request.Step, body.Written);

    /// <summary>What the bus does not take is asked for again.</summary>
    private void Send(SyncKind kind, ulong round, int step, ReadOnlySpan<byte> body)
    {
        var message = new byte[SyncHeader.Size + body.Length];
        new SyncHeader(kind, _own, _peer, round, step).Write(message);
        body.CopyTo(message.AsSpan(SyncHeader.Size));
        _bus.TryPublish(_to, message);
    }
}
