using Cassini.Streams.Events;

namespace Cassini.Streams.Hosting;

/// <summary>A phase and when it began, so that its end can report how long it took.</summary>
internal sealed record PhaseClock(Phase Phase, long Since)
{
    public static PhaseClock Enter(Phase phase, IEventPublisher events, TimeProvider time)
    {
        events.Publish(new PhaseEntered(phase));
        return new PhaseClock(phase, time.GetTimestamp());
    }

    public PhaseClock LeaveFor(Phase next, PhaseOutcome outcome, IEventPublisher events, TimeProvider time)
    {
        events.Publish(new PhaseLeft(Phase, outcome, time.GetElapsedTime(Since)));
        return Enter(next, events, time);
    }
}
