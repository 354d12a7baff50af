using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health;

/// <summary>What each event teaches: facts, counts, the last connection and the last error.</summary>
internal static class FactsReducer
{
    public static HealthState Apply(HealthState state, EventEnvelope envelope, TimeSpan now, HealthPolicy policy)
    {
        var happened = envelope.Event;
        var sequence = envelope.Sequence;
        var next = state with
        {
            Now = now,
            Through = sequence,
            Origin = OriginOf(envelope) ?? state.Origin,
            Counts = CountsReducer.Apply(state.Counts, happened),
        };
        return happened switch
        {
            ConnectionAccepted => next with { LastConnection = envelope.Time },
            HandshakeCompleted or HandshakeFailed => next with { Handshakes = state.Handshakes.Apply(happened, sequence, now) },
            SessionOpened => next with { Canary = state.Canary.Apply(happened, sequence, now, policy) },
            HeartbeatReceived e => next with
            {
                Manager = state.Manager.Apply(e, sequence, now, state.Counts.Handshaking + state.Counts.Open, policy),
            },
            AcceptProbed => next with { Endpoints = state.Endpoints.Apply(happened, sequence, now, policy) },
            CanarySucceeded or CanaryDisabled => next with { Canary = state.Canary.Apply(happened, sequence, now, policy) },
            CanaryFailed e => next with
            {
                Canary = state.Canary.Apply(happened, sequence, now, policy),
                LastError = new LastError($"canary: {e.Detail}", envelope.Time),
            },
            ListenerConfigured or ListenerBound or BindFailed or ListenerClosed => ApplyListener(next, envelope, now, policy),
            AcceptFailed e => next with { LastError = new LastError($"accept on {e.Endpoint}: {e.Error}", envelope.Time) },
            Crashed e => next with
            {
                Crashes = state.Crashes.Apply(happened, sequence, now),
                LastError = new LastError($"{e.Component} crashed: {e.Exception}: {e.Message}", envelope.Time),
            },
            Restarted => next with { Crashes = state.Crashes.Apply(happened, sequence, now) },
            GaveUp e => next with
            {
                Crashes = state.Crashes.Apply(happened, sequence, now),
                LastError = new LastError(
                    string.Create(CultureInfo.InvariantCulture, $"{e.Component} given up after {e.Crashes} crashes"), envelope.Time),
            },
            CertificateLoaded or CertificateExpiring => ApplyCertificates(next, envelope),
            CertificateReloadFailed e => ApplyCertificates(next, envelope) with
            {
                LastError = new LastError($"reload {e.Path}: {e.Message}", envelope.Time),
            },
            LoadSampled e => next with { Load = state.Load.Apply(e, sequence, policy) },
            TopicCreated or TopicRemoved => next with { Topics = state.Topics.Apply(happened) },
            PhaseEntered e => next with { Phase = state.Phase.Apply(e, sequence), Revision = state.Revision + 1 },
            _ => next,
        };
    }

    /// <summary>The wall-clock time of elapsed zero; null when a damaged log puts it outside the calendar.</summary>
    private static DateTimeOffset? OriginOf(EventEnvelope envelope)
    {
        var ticks = (Int128)envelope.Time.UtcTicks - envelope.Elapsed.Ticks;
        return ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks ? new DateTimeOffset((long)ticks, TimeSpan.Zero) : null;
    }

    private static HealthState ApplyListener(HealthState state, EventEnvelope envelope, TimeSpan now, HealthPolicy policy)
    {
        var endpoints = state.Endpoints.Apply(envelope.Event, envelope.Sequence, now, policy);
        var changed = endpoints.All.Length != state.Endpoints.All.Length
            || endpoints.All.Zip(state.Endpoints.All).Any(pair =>
                (pair.First.State, pair.First.Address, pair.First.Error) != (pair.Second.State, pair.Second.Address, pair.Second.Error));
        return state with
        {
            Endpoints = endpoints,
            Revision = state.Revision + (changed ? 1 : 0),
            LastError = envelope.Event is BindFailed failed
                ? new LastError($"bind {failed.Endpoint}: {failed.Message}", envelope.Time)
                : state.LastError,
        };
    }

    private static HealthState ApplyCertificates(HealthState state, EventEnvelope envelope)
    {
        var certificates = state.Certificates.Apply(envelope);
        var changed = !ReferenceEquals(certificates.FailedReload, state.Certificates.FailedReload)
            || !certificates.Loaded.Select(fact => (fact.Role, fact.Subject, fact.NotAfter))
                .SequenceEqual(state.Certificates.Loaded.Select(fact => (fact.Role, fact.Subject, fact.NotAfter)));
        return state with { Certificates = certificates, Revision = state.Revision + (changed ? 1 : 0) };
    }
}
