using System.Diagnostics;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;

namespace Cassini.Management.Telemetry;

/// <summary>
/// The spans of connecting, from the accept to the open session with the handshake within, made from the events: what accepts and shakes
/// hands knows nothing of it. Remembers the sampled connections for as long as they live, so that their log lines carry the trace. For one
/// observer's thread.
/// </summary>
/// <param name="source">Where spans begin.</param>
/// <param name="ratio">The share of connections that are traced, 0 to 1.</param>
/// <param name="epoch">When the events' clock began.</param>
/// <param name="speaksMqtt">Whether the protocol is MQTT.</param>
/// <param name="follower">Gets each delivery with its trace.</param>
internal sealed class ConnectionTraces(
    ActivitySource source, double ratio, DateTimeOffset epoch, bool speaksMqtt, IObserver<TracedDelivery> follower)
    : IObserver<Delivery>
{
    private readonly Dictionary<long, Activity> _connections = [];

    public void OnNext(Delivery value)
    {
        ActivityContext? trace = null;
        if (value.Envelope is { } envelope)
        {
            trace = Apply(envelope);
        }
        else
        {
            Forget();
        }

        follower.OnNext(new TracedDelivery(value, trace));
    }

    public void OnError(Exception error) => follower.OnError(error);

    public void OnCompleted()
    {
        Forget();
        follower.OnCompleted();
    }

    /// <summary>Handles an event.</summary>
    /// <returns>The trace of its connection; null when it has none.</returns>
    public ActivityContext? Apply(EventEnvelope envelope)
    {
        if (envelope.Event is ConnectionAccepted accepted)
        {
            if (source.HasListeners() && Random.Shared.NextDouble() < ratio)
            {
                Begin(accepted, At(envelope));
            }
        }

        if (_connections.Count == 0 || ConnectionOf(envelope.Event) is not { } id || !_connections.TryGetValue(id, out var connect))
        {
            return null;
        }

        Continue(connect, envelope.Event, At(envelope));
        if (envelope.Event is HandshakeFailed or ConnectionClosed)
        {
            _connections.Remove(id);
        }

        return connect.Context;
    }

    /// <summary>Events are missing, or there are no more: the open spans cannot be completed.</summary>
    public void Forget()
    {
        foreach (var connect in _connections.Values)
        {
            Detached(connect.Stop);
        }

        _connections.Clear();
    }

    private static long? ConnectionOf(BrokerEvent happened) => happened switch
    {
        ConnectionAccepted e => e.ConnectionId,
        HandshakeCompleted e => e.ConnectionId,
        HandshakeFailed e => e.ConnectionId,
        ConnectionOpened e => e.ConnectionId,
        SessionOpened e => e.ConnectionId,
        ClientRefused e => e.ConnectionId,
        ProtocolViolated e => e.ConnectionId,
        AccessDenied e => e.ConnectionId,
        SessionClosed e => e.ConnectionId,
        ConnectionClosed e => e.ConnectionId,
        _ => null,
    };

    private static void End(Activity connect, DateTimeOffset at, string? error = null)
    {
        if (connect.IsStopped)
        {
            return;
        }

        if (error is not null)
        {
            connect.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
        }

        connect.SetEndTime(at.UtcDateTime);
        Detached(connect.Stop);
    }

    /// <summary>A span is never current here: events of many connections come in turn.</summary>
    private static void Detached(Action action)
    {
        var current = Activity.Current;
        action();
        Activity.Current = current;
    }

    private void Continue(Activity connect, BrokerEvent happened, DateTimeOffset at)
    {
        switch (happened)
        {
            case HandshakeCompleted e:
                connect.SetTag("tls.protocol.version", e.Protocol[(e.Protocol.LastIndexOf(' ') + 1)..]);
                AddHandshake(connect, at, e.Duration);
                break;

            // This is no failure: a probe checked whether the port is open, or we are about to stop.
            case HandshakeFailed { Reason: HandshakeFailure.BareProbe or HandshakeFailure.Silent or HandshakeFailure.Shutdown }:
                End(connect, at);
                break;
            case HandshakeFailed e:
                End(connect, at, Words.Of(e.Reason));
                break;
            case SessionOpened e:
                var version = e.Protocol?[(e.Protocol.LastIndexOf(' ') + 1)..];
                connect.SetTag("messaging.client.id", e.ClientId).SetTag("network.protocol.version", version);
                End(connect, at);
                break;
            case ClientRefused e:
                End(connect, at, e.Reason);
                break;
            case ProtocolViolated e:
                End(connect, at, e.Reason);
                break;
            case ConnectionClosed e:
                End(connect, at, Words.Of(e.Reason));
                break;
        }
    }

    private void Begin(ConnectionAccepted accepted, DateTimeOffset at) => Detached(() =>
    {
        Activity.Current = null;
        if (source.StartActivity("connect", ActivityKind.Server, default(ActivityContext), startTime: at) is { Recorded: true } connect)
        {
            connect.SetTag("network.transport", "tcp")
                .SetTag("cassini.endpoint", accepted.Endpoint)
                .SetTag("cassini.connection.id", accepted.ConnectionId);
            connect.SetTag("network.protocol.name", speaksMqtt ? "mqtt" : null);
            _connections[accepted.ConnectionId] = connect;
        }
    });

    private void AddHandshake(Activity connect, DateTimeOffset end, TimeSpan duration) => Detached(() =>
    {
        if (source.StartActivity("handshake", ActivityKind.Internal, connect.Context, startTime: end - duration) is { } handshake)
        {
            handshake.SetEndTime(end.UtcDateTime);
            handshake.Stop();
        }
    });

    private DateTimeOffset At(EventEnvelope envelope) => epoch + envelope.Elapsed;
}
