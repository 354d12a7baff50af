using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>The facts about one endpoint.</summary>
internal sealed record EndpointFact(string Endpoint)
{
    public string Address { get; init; } = Endpoint;

    public EndpointState State { get; init; } = EndpointState.Pending;

    public TimeSpan Since { get; init; }

    /// <summary>Whether its clients come by WebSocket.</summary>
    public bool IsWebSocket { get; init; }

    /// <summary>Closed by a shutdown, which is not a fault of the endpoint.</summary>
    public bool IsRetired { get; init; }

    public string? Error { get; init; }

    public TimeSpan RetryIn { get; init; }

    public long Cause { get; init; }

    public TimeSpan? LastProbe { get; init; }

    public long LastProbeCause { get; init; }

    public bool SlowProbe { get; init; }
}

/// <summary>The facts about all endpoints, in the order of the configuration.</summary>
internal sealed record EndpointFacts(ImmutableArray<EndpointFact> All)
{
    public static readonly EndpointFacts None = new(ImmutableArray<EndpointFact>.Empty);

    public EndpointFacts Apply(BrokerEvent happened, long sequence, TimeSpan now, HealthPolicy policy) => happened switch
    {
        ListenerConfigured e => Change(e.Endpoint, now, fact => fact with { IsWebSocket = e.WebSocket }),
        ListenerBound e => Change(e.Endpoint, now, fact => Enter(fact, EndpointState.Bound, sequence, now) with { Address = e.Address }),
        BindFailed e => Change(e.Endpoint, now, fact =>
            Enter(fact, EndpointState.Failed, sequence, now) with { Address = e.Endpoint, Error = e.Error, RetryIn = e.RetryIn }),
        ListenerClosed e => Change(e.Endpoint, now, fact =>
            Enter(fact, EndpointState.Closed, sequence, now) with { IsRetired = e.Reason is ListenerCloseReason.Shutdown }),
        AcceptProbed e when All.Any(fact => fact.Endpoint == e.Endpoint) => Change(e.Endpoint, now, fact => fact with
        {
            LastProbe = now,
            LastProbeCause = sequence,
            SlowProbe = Threshold.Exceeds(e.RoundTrip, policy.SlowRoundTrip, policy.LeaveRatio, fact.SlowProbe),
        }),
        _ => this,
    };

    public bool DiffersVisibly(EndpointFacts before) =>
        !ReferenceEquals(this, before)
        && !All.Select(fact => (fact.State, fact.Address, fact.Error))
            .SequenceEqual(before.All.Select(fact => (fact.State, fact.Address, fact.Error)));

    private static EndpointFact Enter(EndpointFact fact, EndpointState state, long sequence, TimeSpan now) => fact with
    {
        State = state,
        Since = fact.State == state ? fact.Since : now,
        Cause = sequence,
        Error = null,
    };

    /// <summary>Changes the endpoint's fact; adds an endpoint that was never announced.</summary>
    private EndpointFacts Change(string endpoint, TimeSpan now, Func<EndpointFact, EndpointFact> change)
    {
        for (var i = 0; i < All.Length; i++)
        {
            if (All[i].Endpoint == endpoint)
            {
                return new EndpointFacts(All.SetItem(i, change(All[i])));
            }
        }

        return new EndpointFacts(All.Add(change(new EndpointFact(endpoint) { Since = now })));
    }
}
