using System.Collections.Immutable;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Events;

namespace Cassini.Streams.Cluster;

/// <summary>
/// Whether this node has joined its fleet, and what its clients wait for until all live peers know it: for the lock of its node, where
/// nothing else is said.
/// </summary>
internal sealed class JoinGate
{
    private readonly ClusterOptions _options;
    private readonly PeerTable _peers;
    private readonly OwnInterest _own;
    private readonly PeerWatermark _confirmed;
    private readonly IBus _bus;
    private readonly NodeName _name;
    private readonly NodeLock _lock;
    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _allKnown;
    private TimeSpan? _connectedAt;
    private bool _isLate;
    private TimeSpan _patientSince;

    // Versions that peers were told and that not all have confirmed, and when.
    private readonly Queue<(long Version, long ToldAt)> _told = new();

    /// <param name="options">The fleet.</param>
    /// <param name="peers">The peers.</param>
    /// <param name="own">What the clients of this node want.</param>
    /// <param name="confirmed">The versions of it that all live peers have confirmed.</param>
    /// <param name="bus">Carries what nodes say to each other.</param>
    /// <param name="name">The name of the node: while it is another one's, there is nothing to wait for.</param>
    /// <param name="nodeLock">The lock of the node.</param>
    /// <param name="time">The one clock.</param>
    public JoinGate(
        ClusterOptions options, PeerTable peers, OwnInterest own, PeerWatermark confirmed, IBus bus, NodeName name, NodeLock nodeLock,
        TimeProvider time)
    {
        _options = options;
        _peers = peers;
        _own = own;
        _confirmed = confirmed;
        _bus = bus;
        _name = name;
        _lock = nodeLock;
        _time = time;
        _startedAt = time.GetTimestamp();
    }

    /// <summary>Whether it knows what all live peers want, or has waited long enough for it.</summary>
    public bool HasJoined { get; private set; }

    /// <summary>Whether it has joined, and no live peer has still to say what it has; or it has waited long enough.</summary>
    private bool IsAllKnown => HasJoined && (_isLate || _peers.Live.All(peer => peer.IsKnown));

    /// <summary>Whether a peer knows all that the clients of this node want.</summary>
    public bool IsConfirmedBy(PeerNode peer) => peer.Confirmed >= _own.Version;

    /// <summary>The bus is connected, or is not any more.</summary>
    public void SetConnected(bool isConnected) => _connectedAt = isConnected ? _connectedAt ?? Elapsed() : null;

    /// <summary>A version of what the clients of this node want was sent to the peers.</summary>
    public void Await(long version)
    {
        _told.Enqueue((version, _time.GetTimestamp()));
        Review();
    }

    /// <summary>A peer knows a version of what the clients of this node want.</summary>
    public void Confirm(PeerNode peer, long version)
    {
        // A higher one is none that this node has said.
        if (version <= _own.Version)
        {
            peer.Confirmed = Math.Max(peer.Confirmed, version);
            Review();
        }
    }

    /// <summary>A peer has come or gone, has confirmed something, or has said what it wants: answers leave that waited for it.</summary>
    public void Review()
    {
        _confirmed.Reach(_peers.Live.Select(peer => peer.Confirmed).DefaultIfEmpty(_own.Version).Min());
        while (_told.TryPeek(out var told) && told.Version <= _confirmed.Reached)
        {
            _told.Dequeue();
        }

        if (_allKnown is not null && IsAllKnown)
        {
            _allKnown.SetResult();
            _allKnown = null;
        }

        foreach (var peer in _peers.Live.Where(peer => peer.LagsBehind is { } version && peer.Confirmed >= version))
        {
            peer.LagsBehind = null;
            _lock.NoteLocked(new InterestConfirmed(peer.Name));
        }
    }

    /// <summary>Time has passed: an answer to SUBSCRIBE waits for so long only. Who has kept it waiting is reported.</summary>
    public void LosePatience()
    {
        while (_told.TryPeek(out var told) && _time.GetElapsedTime(told.ToldAt) is var waited && waited >= _options.SubscribePatience)
        {
            foreach (var peer in _peers.Live.Where(peer => peer.LagsBehind is null && peer.Confirmed < told.Version))
            {
                peer.LagsBehind = told.Version;
                _lock.NoteLocked(new InterestLagging(peer.Name, waited));
            }

            _confirmed.Reach(told.Version);
            _told.Dequeue();
        }
    }

    /// <summary>Something was heard, or time has passed: the node joins when it has heard enough, or waited long enough.</summary>
    public void TryJoin()
    {
        if (HasJoined && !_isLate)
        {
            return;
        }

        var elapsed = Elapsed();
        if (_name.IsAside)
        {
            _patientSince = elapsed;
            return;
        }

        _connectedAt ??= _bus.IsConnected ? elapsed : null;

        // Who is there is heard within two heartbeats after the engine is connected.
        var isHeard = elapsed - _connectedAt >= 2 * _options.HeartbeatInterval;
        var late = elapsed - _patientSince >= _options.JoinPatience && !_isLate;
        ImmutableArray<string> missing =
            [.. _peers.Live.Where(peer => !peer.IsKnown || !peer.Retained.IsKnown).Select(peer => peer.Name)];
        if (late || (missing.IsEmpty && isHeard))
        {
            HasJoined = true;
            _joined.TrySetResult();
            _isLate = !missing.IsEmpty;
            Review();
            _lock.NoteLocked(missing.IsEmpty ? new FleetJoined(_peers.Live.Count(), elapsed) : new FleetJoinLate(missing));
        }
    }

    /// <summary>The node has stopped: nobody waits for peers any more.</summary>
    public void Stop()
    {
        _allKnown?.TrySetResult();
        _joined.TrySetResult();
        _confirmed.Reach(long.MaxValue);
    }

    /// <summary>
    /// Ends when this node has joined; at the latest after <see cref="ClusterOptions.TakeOverPatience"/>. Any thread, without the lock.
    /// </summary>
    /// <returns>Whether it has.</returns>
    public async Task<bool> WhenJoinedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _joined.Task.WaitAsync(_options.TakeOverPatience, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It may have stopped, too.
        }

        using (_lock.Enter())
        {
            return HasJoined;
        }
    }

    /// <summary>
    /// Ends when all live peers have said what they have; at the latest after <see cref="ClusterOptions.SubscribePatience"/>. Any thread,
    /// without the lock.
    /// </summary>
    public async Task WhenKnownAsync(CancellationToken cancellationToken)
    {
        Task known;
        using (_lock.Enter())
        {
            if (_peers.IsStopped || IsAllKnown)
            {
                return;
            }

            _allKnown ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            known = _allKnown.Task;
        }

        try
        {
            await known.WaitAsync(_options.SubscribePatience, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // One that says nothing holds up nobody for longer.
        }
    }

    private TimeSpan Elapsed() => _time.GetElapsedTime(_startedAt);
}
