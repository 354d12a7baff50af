using System.Net.Sockets;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Folding;

/// <summary>Updates the facts with each event.</summary>
internal static class FactsReducer
{
    /// <param name="facts">The facts before the event.</param>
    /// <param name="envelope">The event.</param>
    /// <param name="counts">The counts before the event.</param>
    /// <param name="now">Its time, which never runs backwards.</param>
    /// <param name="policy">The thresholds.</param>
    /// <returns>The facts after the event; the same object when the event changes none.</returns>
    public static HealthFacts Apply(HealthFacts facts, EventEnvelope envelope, HealthCounts counts, TimeSpan now, HealthPolicy policy)
    {
        var sequence = envelope.Sequence;
        var after = envelope.Event switch
        {
            // One without an address is of an older record, whose samples have no capacity and would never end this.
            HandshakeFailed { Reason: HandshakeFailure.ConnectionLimit, RemoteAddress: not null } e => facts with
            {
                Handshakes = facts.Handshakes.Apply(e, sequence, now, policy),
                Capacity = facts.Capacity.RefuseConnection(sequence, policy),
            },
            HandshakeCompleted or HandshakeFailed =>
                facts with { Handshakes = facts.Handshakes.Apply(envelope.Event, sequence, now, policy) },
            SessionOpened or CanarySucceeded or CanaryFailed or CanaryDisabled =>
                facts with { Canary = facts.Canary.Apply(envelope.Event, sequence, now, policy) },
            HeartbeatReceived e =>
                facts with { Manager = facts.Manager.Apply(e, sequence, now, counts.Handshaking + counts.Open, policy) },
            AcceptProbed or ListenerConfigured or ListenerBound or ListenerClosed or BindFailed =>
                facts with { Endpoints = facts.Endpoints.Apply(envelope.Event, sequence, now, policy) },
            AcceptFailed { Error: nameof(SocketError.TooManyOpenSockets) } =>
                facts with { Capacity = facts.Capacity.RunOutOfDescriptors(sequence, policy) },
            Crashed or Restarted or GaveUp => facts with { Crashes = facts.Crashes.Apply(envelope.Event, sequence, now) },
            CertificateLoaded or CertificateExpiring or CertificateReloadFailed =>
                facts with { Certificates = facts.Certificates.Apply(envelope, now) },
            LoadSampled e => facts with
            {
                Load = facts.Load.Apply(e, sequence, policy),
                Topics = facts.Topics.Apply(e),
                Capacity = facts.Capacity.Apply(e.Capacity, sequence, policy),
                Store = e.Store is null ? facts.Store : facts.Store.Apply(e, sequence, policy),
            },
            CapacityReached e => facts with { Capacity = facts.Capacity.Apply(e, sequence, policy) },
            MessagesDropped e => facts with { Load = facts.Load.Apply(e, sequence, now) },
            TopicCreated or TopicRemoved => facts with { Topics = facts.Topics.Apply(envelope.Event) },
            StoreRecovering or StoreOpened or StoreFailed or StoreResumed =>
                facts with { Store = facts.Store.Apply(envelope.Event, sequence, policy) },
            ConfigurationLoaded or ConfigurationReloadFailed => facts with
            {
                Configuration = facts.Configuration.Apply(envelope.Event as ConfigurationReloadFailed, sequence),
            },
            { Category: EventCategory.Cluster } => facts with { Cluster = facts.Cluster.Apply(envelope.Event, sequence, now) },
            PhaseEntered e => facts with { Phase = facts.Phase.Apply(e, sequence) },
            _ => facts,
        };
        return LastErrors.Of(envelope) is { } error ? after with { LastError = error } : after;
    }
}
