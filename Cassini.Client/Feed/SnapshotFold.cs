using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Streams.Feed;

/// <summary>
/// Applies an event to the snapshot before it. Pure. The verdicts are the broker's: nothing is judged here. The revision is that of the
/// last transition or snapshot, because the broker does not send a revision with a change that turned no verdict.
/// </summary>
internal static class SnapshotFold
{
    public static HealthSnapshot Apply(HealthSnapshot snapshot, EventEnvelope envelope)
    {
        var next = snapshot with
        {
            AsOf = envelope.Time,
            UptimeSeconds = Math.Round(envelope.Elapsed.TotalSeconds, 3),
            Through = envelope.Sequence,
            Log = snapshot.Log with { NewestId = envelope.Id.ToString() },
            LastError = LastErrors.Of(envelope) ?? snapshot.LastError,
            Store = StoreHealth.After(snapshot.Store, envelope.Event),
        };
        return envelope.Event switch
        {
            HealthChanged e => Judge(next, e, envelope.Time),
            PhaseEntered e => next with { Phase = e.Phase },
            ListenerConfigured e when !next.Endpoints.Any(known => known.Address == e.Endpoint) => next with
            {
                Endpoints = next.Endpoints.Add(new EndpointHealth(e.Endpoint, EndpointState.Pending, envelope.Time, null)
                {
                    WebSocket = e.WebSocket,
                }),
            },
            ListenerBound e => Endpoint(next, e.Endpoint, new EndpointHealth(e.Address, EndpointState.Bound, envelope.Time, null)),
            BindFailed e => Endpoint(next, e.Endpoint, new EndpointHealth(e.Endpoint, EndpointState.Failed, envelope.Time, e.Error)),
            ListenerClosed e => Endpoint(next, e.Endpoint, new EndpointHealth(e.Endpoint, EndpointState.Closed, envelope.Time, null)),
            ConnectionAccepted => next with { ActiveListeners = next.ActiveListeners + 1, LastConnection = envelope.Time },
            HandshakeFailed or ConnectionClosed => next with { ActiveListeners = Math.Max(0, next.ActiveListeners - 1) },
            LoadSampled e => next with { Backlog = e.QueuedMessages, Topics = next.Topics with { Count = e.Topics ?? next.Topics.Count } },
            CanarySucceeded => next with { Broker = new BrokerHealth(Connectivity.Ok) },
            CanaryFailed => next with { Broker = new BrokerHealth(Connectivity.Failed) },
            _ => next,
        };
    }

    private static HealthSnapshot Judge(HealthSnapshot snapshot, HealthChanged change, DateTimeOffset time)
    {
        var old = snapshot.Checks.FirstOrDefault(check => check.Name == change.Check);
        var evidence = change.Evidence.Select(id => id.ToString());
        var check = new CheckHealth(
            change.Check, change.To, change.To, change.Reason, change.Message, time,
            old?.Flapping ?? false, (old?.Transitions ?? 0) + 1, [.. evidence])
        {
            InReadyz = old?.InReadyz ?? false,
            InLivez = old?.InLivez ?? false,
        };
        return snapshot with
        {
            Status = change.Status,
            Ready = change.Ready,
            Live = change.Live,
            Revision = change.Revision,
            Checks = old is null ? snapshot.Checks.Add(check) : snapshot.Checks.Replace(old, check),
        };
    }

    private static HealthSnapshot Endpoint(HealthSnapshot snapshot, string endpoint, EndpointHealth health)
    {
        // An endpoint whose port the system chose is identified by its address, not by its name, unless it is the only one.
        var known = snapshot.Endpoints.FirstOrDefault(known => known.Address == endpoint || known.Address == health.Address)
            ?? (snapshot.Endpoints.Length == 1 ? snapshot.Endpoints[0] : null);
        return known is null
            ? snapshot
            : snapshot with { Endpoints = snapshot.Endpoints.Replace(known, health with { WebSocket = known.WebSocket }) };
    }
}
