using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>
/// Ends that must have stood in lost groups, because what follows contradicts all else: of a session whose client has a later one, and of
/// a copy whose packet identifier was given to a later copy.
/// </summary>
internal static class LostEnds
{
    /// <summary>The changes, and the client identifiers of the sessions that are ended.</summary>
    /// <param name="state">What the groups say.</param>
    /// <param name="numbers">The numbers of its sessions, in their order.</param>
    public static (List<(Change Change, int Size)> Changes, List<string> Sessions, long Copies) Of(
        BrokerState state, IReadOnlyList<uint> numbers)
    {
        var (changes, ended, copies) = (new List<(Change, int)>(), new List<string>(), 0L);
        var latest = new Dictionary<string, uint>(StringComparer.Ordinal);
        for (var at = 0; at < numbers.Count; at++)
        {
            if (state.Sessions[at].IsOver)
            {
                // Its client may have a later one.
                continue;
            }

            var client = state.Sessions[at].Session.ClientId;
            latest[client] = Math.Max(numbers[at], latest.GetValueOrDefault(client));
        }

        for (var at = 0; at < numbers.Count; at++)
        {
            var session = state.Sessions[at];
            if (!session.IsOver && latest[session.Session.ClientId] != numbers[at])
            {
                changes.Add((new Change { Type = RecordType.SessionEnd, Session = numbers[at], Count = 1 }, 0));
                ended.Add(session.Session.ClientId);
                continue;
            }

            foreach (var sequence in OvertakenCopies(session))
            {
                changes.Add((new Change { Type = RecordType.CopyEnd, Session = numbers[at], Number = sequence, Count = 1 }, 0));
                copies++;
            }
        }

        return (changes, ended, copies);
    }

    /// <summary>
    /// Packet identifiers are given in turn, and never one that is in use. So where they have gone round once, the older copies were done.
    /// </summary>
    private static IEnumerable<long> OvertakenCopies(SessionState session)
    {
        var inFlight = session.Messages.Where(message => message.State != DeliveryState.Done).ToList();
        var distance = 0;
        for (var at = inFlight.Count - 2; at >= 0; at--)
        {
            var step = (inFlight[at + 1].PacketId - inFlight[at].PacketId + ushort.MaxValue) % ushort.MaxValue;
            distance += step == 0 ? ushort.MaxValue : step;
            if (distance >= ushort.MaxValue)
            {
                return inFlight.Take(at + 1).Select(message => message.Message.Sequence);
            }
        }

        return [];
    }
}
