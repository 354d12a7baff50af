using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Folding;

/// <summary>
/// Counts events. After every event, accepted = handshaking + open + closed, and sessions opened = open + closed, even for a damaged log:
/// an event that would break this is counted as an anomaly and changes nothing else.
/// </summary>
internal static class CountsReducer
{
    public static HealthCounts Apply(HealthCounts counts, BrokerEvent happened) => happened switch
    {
        ConnectionAccepted => counts with { Accepted = counts.Accepted + 1, Handshaking = counts.Handshaking + 1 },
        HandshakeCompleted when counts.Handshaking > 0 => counts with
        {
            Handshaking = counts.Handshaking - 1,
            Open = counts.Open + 1,
            HandshakesCompleted = counts.HandshakesCompleted + 1,
        },
        HandshakeFailed e when counts.Handshaking > 0 => counts with
        {
            Handshaking = counts.Handshaking - 1,
            Closed = counts.Closed + 1,
            HandshakesFailed = Increment(counts.HandshakesFailed, (int)e.Reason),
        },
        ConnectionOpened => counts with { ConnectionsOpened = counts.ConnectionsOpened + 1 },
        ConnectionClosed e when counts.Open > 0 => counts with
        {
            Open = counts.Open - 1,
            Closed = counts.Closed + 1,
            ConnectionsClosed = Increment(counts.ConnectionsClosed, (int)e.Reason),
        },
        SessionOpened => counts with { OpenSessions = counts.OpenSessions + 1, SessionsOpened = counts.SessionsOpened + 1 },
        SessionClosed e when counts.OpenSessions > 0 => counts with
        {
            OpenSessions = counts.OpenSessions - 1,
            SessionsClosed = Increment(counts.SessionsClosed, (int)e.Reason),
        },
        HandshakeCompleted or HandshakeFailed or ConnectionClosed or SessionClosed => counts with { Anomalies = counts.Anomalies + 1 },
        BindFailed => counts with { BindFailures = counts.BindFailures + 1 },
        AcceptFailed e => counts with { AcceptFailures = counts.AcceptFailures + e.Failures },
        Crashed e => counts with { Crashes = Increment(counts.Crashes, (int)e.Component.Kind) },
        Restarted => counts with { Restarts = counts.Restarts + 1 },
        IdentityQuarantined => counts with { Quarantines = counts.Quarantines + 1 },
        CanarySucceeded => counts with { CanarySuccesses = counts.CanarySuccesses + 1 },
        CanaryFailed => counts with { CanaryFailures = counts.CanaryFailures + 1 },
        LoadSampled e => counts with { BytesReceived = e.BytesReceived, BytesSent = e.BytesSent },
        HealthChanged => counts with { Transitions = counts.Transitions + 1 },
        _ => counts,
    };

    private static ImmutableArray<long> Increment(ImmutableArray<long> counts, int index) =>
        (uint)index < (uint)counts.Length ? counts.SetItem(index, counts[index] + 1) : counts;
}
