using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Tests.Support;

namespace Cassini.Tests.Hosting;

/// <summary>What a host has published.</summary>
internal static class HostEvents
{
    public static IReadOnlyList<Phase> Phases(EventHub hub) => [.. Of<PhaseEntered>(hub).Select(entered => entered.Phase)];

    /// <summary>The events of one type that the log has, when it has everything published so far.</summary>
    public static IReadOnlyList<T> Of<T>(EventHub hub)
        where T : BrokerEvent
    {
        SpinWait.SpinUntil(() => hub.Log.Newest >= hub.LastSequence, Eventually.Deadline).ShouldBeTrue("the events are in the log");
        var found = new List<T>();
        for (var sequence = hub.Log.Oldest; sequence <= hub.Log.Newest; sequence++)
        {
            if (hub.Log.TryGet(sequence, out var envelope) && envelope.Event is T happened)
            {
                found.Add(happened);
            }
        }

        return found;
    }
}
