using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Projection;

/// <summary>What one address was refused for, again and again.</summary>
/// <param name="Address">The IPv4 address, or the IPv6 /64.</param>
/// <param name="Reason">Why its handshakes were refused.</param>
/// <param name="Detail">The last refusal's detail, for people; null when the reason says all. It can contain text of the peer.</param>
/// <param name="Count">How often.</param>
/// <param name="First">The first time, UTC.</param>
/// <param name="Last">The last time, UTC.</param>
internal sealed record RefusedPeer(
    string Address, HandshakeFailure Reason, string? Detail, long Count, DateTimeOffset First, DateTimeOffset Last);

/// <summary>
/// The table of <c>/handshakes</c>: a fold of the event stream, bounded to the addresses and reasons that were refused last. Read on any
/// thread.
/// </summary>
internal sealed class RefusedHandshakes : IDisposable
{
    /// <summary>The most rows. A new one replaces the one whose last refusal is the oldest.</summary>
    public const int Most = 128;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Address, HandshakeFailure Reason), RefusedPeer> _peers = [];
    private readonly IDisposable _subscription;

    /// <summary>Starts the fold. Create it before the first event is published.</summary>
    public RefusedHandshakes(EventHub hub)
    {
        _subscription = hub.Inputs.Subscribe(Apply, _ => { }, () => { });
    }

    /// <summary>The rows, the latest refusal first.</summary>
    public IReadOnlyList<RefusedPeer> List()
    {
        lock (_lock)
        {
            return [.. _peers.Values.OrderByDescending(peer => peer.Last)];
        }
    }

    public void Dispose() => _subscription.Dispose();

    private void Apply(FoldInput input)
    {
        if (input.Envelope is { Event: HandshakeFailed { IsRefusal: true } refused } envelope)
        {
            lock (_lock)
            {
                AddLocked(refused, envelope.Time);
            }
        }
    }

    private void AddLocked(HandshakeFailed refused, DateTimeOffset time)
    {
        var address = PeerKey.NameOf(refused.RemoteAddress) ?? "unknown";
        var key = (address, refused.Reason);
        if (_peers.TryGetValue(key, out var known))
        {
            _peers[key] = known with { Count = known.Count + 1, Detail = refused.Detail, Last = time };
            return;
        }

        if (_peers.Count == Most)
        {
            _peers.Remove(_peers.MinBy(peer => peer.Value.Last).Key);
        }

        _peers[key] = new RefusedPeer(address, refused.Reason, refused.Detail, 1, time, time);
    }
}
