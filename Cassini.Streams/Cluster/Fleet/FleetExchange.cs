using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Fleet;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>
/// Says on the bus how this node is, at each visible change, every <see cref="FleetIdentity.Interval"/>, and when it is asked; and hears
/// the same of others. Nodes that meet tell each other which nodes are gone. Thread-safe.
/// </summary>
internal sealed class FleetExchange : IDisposable
{
    /// <summary>What comes quickly after each other is said once.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly IBus _bus;
    private readonly FleetProjection _fleet;
    private readonly Action<string> _forget;
    private readonly TimeProvider _time;
    private readonly string _subject;
    private readonly string _node;
    private readonly string _epoch;
    private readonly IDisposable _subscription;
    private volatile TaskCompletionSource _call = NewSource();
    private int _isAsked;
    private int _isFound = 1;
    private long _number;
    private long? _toldAt;

    /// <param name="bus">Carries what nodes say to each other.</param>
    /// <param name="fleet">What this node knows.</param>
    /// <param name="forget">A node that is gone is forgotten: nothing is to be said against the fleet because of it.</param>
    /// <param name="time">The one clock.</param>
    public FleetExchange(IBus bus, FleetProjection fleet, Action<string> forget, TimeProvider time)
    {
        _bus = bus;
        _fleet = fleet;
        _forget = forget;
        _time = time;
        var self = fleet.State.Self;
        (_node, _epoch) = (self.Node, self.Epoch);
        _subject = $"cassini.{self.Fleet}.h.{_node}";
        _subscription = bus.Subscribe($"cassini.{self.Fleet}.h.*", Hear);
        bus.ConnectionChanged += OnConnection;
    }

    /// <summary>Speaks until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // A change before now is in what is said first.
        var position = _fleet.Log.Newest;
        while (!cancellationToken.IsCancellationRequested)
        {
            if (Interlocked.Exchange(ref _isFound, 0) == 1)
            {
                Tell(new HealthWanted(FleetMessage.Version, _node, _epoch, Of: null));
                TellGone();
                Interlocked.Exchange(ref _isAsked, 1);
            }

            (position, var hasChanged) = Follow(position);
            if (Interlocked.Exchange(ref _isAsked, 0) == 1 || hasChanged || Rest() <= TimeSpan.Zero)
            {
                TellHealth();
            }

            await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var call = _call;
            Task next = Volatile.Read(ref _isAsked) + Volatile.Read(ref _isFound) > 0 ? Task.CompletedTask
                : Task.WhenAny(_fleet.Log.WaitAsync(position), call.Task);
            await next.WaitAsync(Rest() is var rest && rest > Pause ? rest : Pause, _time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose()
    {
        _bus.ConnectionChanged -= OnConnection;
        _subscription.Dispose();
    }

    /// <summary>Does what follows from the changes since a position.</summary>
    /// <returns>The new position, and whether this node has changed itself.</returns>
    private (long Position, bool HasChanged) Follow(long position)
    {
        var hasChanged = false;
        var isGoneNews = false;
        for (var newest = _fleet.Log.Newest; position < newest;)
        {
            position++;
            switch (_fleet.Log.Find(position))
            {
                case { } change when change.Node == _node:
                    hasChanged = true;
                    break;
                case { Change: FleetChangeKind.Joined or FleetChangeKind.Back } met:
                    Tell(new HealthWanted(FleetMessage.Version, _node, _epoch, met.Node));
                    isGoneNews = true;
                    break;
                case { Change: FleetChangeKind.Forgotten } forgotten:
                    _forget(forgotten.Node);
                    isGoneNews = true;
                    break;
            }
        }

        if (isGoneNews)
        {
            TellGone();
        }

        return (position, hasChanged);
    }

    /// <summary>How long nothing needs to be said.</summary>
    private TimeSpan Rest() => _toldAt is { } told ? FleetIdentity.Interval - _time.GetElapsedTime(told) : TimeSpan.Zero;

    private void TellHealth()
    {
        _toldAt = _time.GetTimestamp();
        var own = _fleet.Refresh().Nodes[_node];
        if (own.Said is { } health)
        {
            Tell(new HealthTold(FleetMessage.Version, _node, _epoch, ++_number, health, own.Management));
        }
    }

    private void TellGone()
    {
        var state = _fleet.State;
        if (!state.Tombstones.IsEmpty || !state.Forgettings.IsEmpty)
        {
            Tell(new GoneTold(FleetMessage.Version, _node, _epoch, [.. state.Tombstones.Values], [.. state.Forgettings.Values]));
        }
    }

    private void Tell(FleetMessage message) => _bus.TryPublish(_subject, message.ToBytes());

    private void Hear(ReadOnlyMemory<byte> data)
    {
        if (FleetMessage.Read(data.Span) is not { } message || message.Node == _node)
        {
            return;
        }

        switch (message)
        {
            case HealthTold told:
                _fleet.Apply(new NodeSaid(told.Node, told.Epoch, told.Number, told.Health, told.Management));
                break;
            case GoneTold gone:
                _fleet.Apply(new GoneSaid(gone.Tombstones, gone.Forgettings));
                break;
            case HealthWanted wanted when wanted.Of is null || wanted.Of == _node:
                Interlocked.Exchange(ref _isAsked, 1);
                Call();
                break;
        }
    }

    private void OnConnection(string? server)
    {
        if (server is not null)
        {
            Interlocked.Exchange(ref _isFound, 1);
            Call();
        }
    }

    private void Call() => Interlocked.Exchange(ref _call, NewSource()).TrySetResult();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
