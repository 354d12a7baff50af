using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Folding;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health;

/// <summary>Feeds the reducer by hand: events and the passing of time, at exact times.</summary>
internal sealed class Fold
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The shortest time there is: what happens at a deadline has not happened this much earlier.</summary>
    public static readonly TimeSpan Instant = TimeSpan.FromTicks(1);

    private long _sequence;

    public Fold(HealthPolicy? policy = null)
    {
        Policy = policy ?? new HealthPolicy();
        State = HealthState.Initial(Epoch.StartingAt(Start), Start, Policy);
    }

    public HealthPolicy Policy { get; }

    public HealthState State { get; private set; }

    public List<HealthChanged> Transitions { get; } = [];

    public CheckState this[string name] => State.Verdicts.Checks.Single(check => check.Check.Name == name);

    public static TimeSpan S(double seconds) => TimeSpan.FromSeconds(seconds);

    /// <summary>One endpoint that is bound and good evidence for every check, all at 0 s.</summary>
    public static Fold Healthy(HealthPolicy? policy = null, bool withCanary = true)
    {
        var fold = new Fold(policy)
            .At(0, new ListenerConfigured(Endpoint))
            .At(0, Bound())
            .At(0, Heartbeat())
            .At(0, Probed())
            .At(0, Certificate(CertificateRole.Server, Start + TimeSpan.FromDays(365)))
            .At(0, new PhaseEntered(Phase.Ready));
        return withCanary ? fold.At(0, CanarySucceeded()) : fold;
    }

    /// <summary>An event happens at <paramref name="elapsed"/>.</summary>
    public Fold At(TimeSpan elapsed, BrokerEvent happened)
    {
        _sequence++;
        return Take(new FoldInput(elapsed, new EventEnvelope(State.Epoch, _sequence, Start + elapsed, elapsed, happened)));
    }

    public Fold At(double seconds, BrokerEvent happened) => At(S(seconds), happened);

    /// <summary>Time passes until <paramref name="elapsed"/>, with one tick at its end.</summary>
    public Fold Until(TimeSpan elapsed) => Take(new FoldInput(elapsed, null));

    public Fold Until(double seconds) => Until(S(seconds));

    /// <summary>Time passes until <paramref name="end"/> with fresh evidence each second.</summary>
    public Fold QuietUntil(TimeSpan end)
    {
        for (var t = State.Now + S(1); t < end; t += S(1))
        {
            At(t, Heartbeat()).At(t, Probed()).At(t, CanarySucceeded());
        }

        return Until(end);
    }

    public Fold Take(FoldInput input)
    {
        State = HealthReducer.Reduce(State, input, Policy);
        Transitions.AddRange(State.Transitions);
        return this;
    }

    public IEnumerable<HealthChanged> TransitionsOf(string check) => Transitions.Where(transition => transition.Check == check);
}
