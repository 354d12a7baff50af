using System.Collections.Concurrent;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;

namespace Cassini.Streams.Health.Projection;

/// <summary>One live connection.</summary>
/// <param name="Id">Its number within the epoch.</param>
/// <param name="Endpoint">The endpoint as configured.</param>
/// <param name="RemoteAddress">The peer's <c>address:port</c>.</param>
/// <param name="Identity">The identity from the client certificate; null while handshaking.</param>
/// <param name="Protocol">The TLS version, such as <c>TLS 1.3</c> or <c>WebSocket over TLS 1.3</c>; null while handshaking.</param>
/// <param name="State"><c>handshaking</c> or <c>open</c>.</param>
/// <param name="AcceptedAt">When it was accepted, UTC.</param>
/// <param name="OpenedAt">When its handler began to serve it, UTC; null before.</param>
/// <param name="ClientId">Its MQTT client identifier; null before its session opened.</param>
/// <param name="MqttProtocol"><c>MQTT 5.0</c>, <c>MQTT 3.1.1</c> or <c>MQTT 3.1</c>; null before its session opened.</param>
public sealed record ConnectionRow(
    long Id,
    string Endpoint,
    string RemoteAddress,
    string? Identity,
    string? Protocol,
    string State,
    DateTimeOffset AcceptedAt,
    DateTimeOffset? OpenedAt,
    string? ClientId = null,
    string? MqttProtocol = null);

/// <summary>The live table of <c>/connections</c>: a fold of the event stream, like health itself. Read on any thread.</summary>
public sealed class LiveConnections : IDisposable
{
    private readonly ConcurrentDictionary<long, ConnectionRow> _rows = new();
    private readonly IDisposable _subscription;

    /// <summary>Starts the fold. Create it before the first event is published.</summary>
    internal LiveConnections(EventHub hub)
    {
        _subscription = hub.Inputs.Subscribe(Apply, _ => { }, () => { });
    }

    /// <summary>How many connections are live.</summary>
    public int Count => _rows.Count;

    /// <summary>All live connections, sorted by number.</summary>
    public IReadOnlyList<ConnectionRow> List() => [.. _rows.Values.OrderBy(row => row.Id)];

    /// <summary>One live connection.</summary>
    public bool TryGet(long id, out ConnectionRow row) => _rows.TryGetValue(id, out row!);

    /// <inheritdoc/>
    public void Dispose() => _subscription.Dispose();

    private void Apply(FoldInput input)
    {
        if (input.Envelope is not { } envelope)
        {
            return;
        }

        switch (envelope.Event)
        {
            case ConnectionAccepted e:
                _rows[e.ConnectionId] = new ConnectionRow(
                    e.ConnectionId, e.Endpoint, e.RemoteAddress, null, null, "handshaking", envelope.Time, null);
                break;
            case HandshakeCompleted e when _rows.TryGetValue(e.ConnectionId, out var row):
                _rows[e.ConnectionId] = row with { Identity = e.Identity, Protocol = e.Protocol, State = "open" };
                break;
            case ConnectionOpened e when _rows.TryGetValue(e.ConnectionId, out var row):
                _rows[e.ConnectionId] = row with { OpenedAt = envelope.Time };
                break;
            case SessionOpened e when _rows.TryGetValue(e.ConnectionId, out var row):
                _rows[e.ConnectionId] = row with { ClientId = e.ClientId, MqttProtocol = e.Protocol };
                break;
            case HandshakeFailed e:
                _rows.TryRemove(e.ConnectionId, out _);
                break;
            case ConnectionClosed e:
                _rows.TryRemove(e.ConnectionId, out _);
                break;
        }
    }
}
