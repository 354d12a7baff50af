using System.Collections.Immutable;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Fleet;
using Cassini.Streams.Health.Projection;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>
/// The fleet as this node knows it: the one place where notes and time are folded, and which every reader reads. A broker on its own is the
/// only node of it. Thread-safe; its lock is held for the fold alone.
/// </summary>
internal sealed class FleetProjection : IDisposable
{
    private readonly Lock _lock = new();
    private readonly HealthProjection _health;
    private readonly TimeProvider _time;
    private readonly string? _management;
    private readonly long _startedAt;
    private readonly ITimer _due;
    private readonly IDisposable _events;
    private readonly IDisposable _changes;
    private FleetState _state;
    private TimeSpan? _armed;
    private bool _isDisposed;

    /// <param name="fleet">The fleet; null for a broker on its own.</param>
    /// <param name="node">The name of this node.</param>
    /// <param name="hub">What happens to the peers.</param>
    /// <param name="health">This node's own health.</param>
    /// <param name="time">The one clock.</param>
    public FleetProjection(ClusterOptions? fleet, string node, EventHub hub, HealthProjection health, TimeProvider time)
    {
        _health = health;
        _time = time;
        _management = fleet?.Management;
        _startedAt = time.GetTimestamp();
        _state = FleetState.Initial(new FleetIdentity(
            fleet?.Name, node, hub.Epoch.ToString(), time.GetUtcNow(), (fleet ?? new ClusterOptions()).DeadAfter));
        _due = time.CreateTimer(_ => Apply(new TimePassed()), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _events = hub.Inputs.Subscribe(Hear, static _ => { }, Log.Complete);

        // Changes never fails.
        _changes = health.Changes.Subscribe(_ => Refresh(), static _ => { });
    }

    /// <summary>What has changed.</summary>
    public FleetLog Log { get; } = new();

    /// <summary>The links and the interest of the peers by name, for readers; null when there are none. Called without a lock.</summary>
    public Func<ImmutableDictionary<string, (NodeLinks Links, NodeInterest Interest)>>? Links { get; init; }

    /// <summary>For how many other nodes this one keeps messages; null for none. Called under the lock: it takes none.</summary>
    public Func<int>? Queues { get; init; }

    /// <summary>What is folded so far.</summary>
    public FleetState State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    /// <summary>The fleet at this instant, with this node's own health and numbers of now.</summary>
    public FleetSnapshot Current
    {
        get
        {
            Refresh();
            var snapshot = State.ToSnapshot();
            return Links?.Invoke() is { } links
                ? snapshot with { Nodes = [.. snapshot.Nodes.Select(node => With(node, links))] }
                : snapshot;
        }
    }

    /// <summary>Folds what was heard just now.</summary>
    public void Apply(FleetNote note) => Apply(() => note);

    /// <summary>Folds this node's own health of now.</summary>
    /// <returns>What is known after it.</returns>
    public FleetState Refresh() => Apply(() => new OwnHealth(NodeDigest.Of(_health.Current, Queues?.Invoke() ?? 0), _management));

    public void Dispose()
    {
        _changes.Dispose();
        _events.Dispose();
        lock (_lock)
        {
            _isDisposed = true;
        }

        _due.Dispose();
        Log.Complete();
    }

    private void Hear(FoldInput input)
    {
        if (input.Envelope is { } envelope && FleetNote.Of(envelope.Event) is { } note)
        {
            Apply(note);
        }
    }

    /// <param name="take">Takes the note under the lock, so that an older one of two never comes later.</param>
    private FleetState Apply(Func<FleetNote> take)
    {
        lock (_lock)
        {
            var (state, changes) = _state.Apply(take(), _time.GetElapsedTime(_startedAt));
            _state = state;

            // It wakes its readers on other threads.
            Log.Append(changes);
            Arm();
            return state;
        }
    }

    private void Arm()
    {
        if (_state.Next != _armed && !_isDisposed)
        {
            _armed = _state.Next;
            var wait = _armed - _time.GetElapsedTime(_startedAt);
            _due.Change(wait is not { } due ? Timeout.InfiniteTimeSpan : due > Shortest ? due : Shortest, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>A timer counts in milliseconds, and may be early by a part of one.</summary>
    private static TimeSpan Shortest { get; } = TimeSpan.FromMilliseconds(1);

    private static FleetNode With(FleetNode node, ImmutableDictionary<string, (NodeLinks Links, NodeInterest Interest)> links) =>
        links.TryGetValue(node.Node, out var known) ? node with { Links = known.Links, Interest = known.Interest } : node;
}
