using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>The changes that make a state out of nothing.</summary>
/// <param name="state">The state.</param>
/// <param name="sessions">The numbers of its sessions, in their order.</param>
/// <param name="utcNow">The time, in milliseconds since 1970.</param>
internal sealed class StateChanges(BrokerState state, IReadOnlyList<uint> sessions, long utcNow)
{
    /// <summary>All changes, each with about the bytes that it takes.</summary>
    public IEnumerable<(Change Change, int Size)> All() =>
        Wills().Concat(Retained()).Concat(Marks()).Concat(state.Sessions.SelectMany((session, at) => Of(session, sessions[at])));

    private IEnumerable<(Change Change, int Size)> Wills() => state.Wills.Select(kept => (
        new Change { Type = RecordType.Will, Number = kept.Number, Subject = kept.Will, Count = 1 },
        kept.Will.Topic.Length + kept.Will.Payload.Length + kept.Will.Properties.Length));

    private IEnumerable<(Change Change, int Size)> Retained() => state.Retained.Select(kept => (
        new Change { Type = RecordType.Retained, Subject = kept, Count = 1 }, kept.Message.Size));

    private IEnumerable<(Change Change, int Size)> Marks()
    {
        foreach (var mark in state.RetainedMarks)
        {
            yield return (new Change { Type = RecordType.RetainedEnd, Subject = mark, Count = 1 }, mark.Topic.Length);
        }

        if (state.RetainedFloor.IsGiven)
        {
            yield return (new Change { Type = RecordType.RetainedFloor, Subject = state.RetainedFloor, Count = 1 }, RetainedStamp.Size);
        }
    }

    private IEnumerable<(Change Change, int Size)> Of(SessionState kept, uint number)
    {
        yield return (
            new Change { Type = RecordType.Session, Session = number, Subject = kept.Session, Count = 1 },
            kept.Session.ClientId.Length + kept.Session.Identity.Length);
        yield return (
            new Change { Type = RecordType.Presence, Session = number, Number = utcNow - (long)kept.Away.TotalMilliseconds }, 0);
        foreach (var subscription in kept.Subscriptions)
        {
            yield return (
                new Change { Type = RecordType.Subscription, Session = number, Subject = subscription, Count = 1 },
                subscription.Filter.Length);
        }

        foreach (var (message, packetId, state) in kept.Messages)
        {
            yield return (
                new Change { Type = RecordType.Copy, Session = number, Copy = message, PacketId = packetId, State = state },
                message.Message.Size);
        }

        foreach (var packetId in kept.Received)
        {
            yield return (new Change { Type = RecordType.Received, Session = number, PacketId = packetId, Count = 1 }, 0);
        }

        if (kept.IsOver)
        {
            yield return (new Change { Type = RecordType.SessionOver, Session = number, Count = 1 }, 0);
        }
    }
}
