using Cassini.Streams.Events;

namespace Cassini.Tests.Health.Records;

/// <summary>Goes on with a fold as a hub would: its transitions become events behind what caused them.</summary>
internal sealed class RecordingFold(Fold fold)
{
    private readonly List<EventEnvelope> _events = [];

    public IReadOnlyList<EventEnvelope> Events => _events;

    public void At(double seconds, BrokerEvent happened)
    {
        Add(seconds, happened, fold.Transitions.Count);
    }

    private void Add(double seconds, BrokerEvent happened, int seen)
    {
        fold.At(seconds, happened);
        _events.Add(new EventEnvelope(fold.State.Epoch, fold.State.Through, Fold.Start + Fold.S(seconds), Fold.S(seconds), happened));
        foreach (var change in fold.Transitions.Skip(seen).ToList())
        {
            Add(seconds, change, fold.Transitions.Count);
        }
    }
}
