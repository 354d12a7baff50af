using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// Slows down connections that keep taking one client identifier from each other, because each take-over costs handshakes and events: after
/// several without a pause the next CONNECT waits, and each time longer. A client that returns from a bad network waits for nothing.
/// Bounded: the client identifier that was taken over longest ago is forgotten first. Thread-safe.
/// </summary>
/// <param name="longest">The longest that one take-over waits after another; 0 for no wait at all.</param>
/// <param name="counters">Where the connections that wait are counted.</param>
/// <param name="time">The clock.</param>
internal sealed class TakeOverPace(TimeSpan longest, BrokerCounters counters, TimeProvider time)
{
    internal const int MaxClients = 4096;

    /// <summary>Take-overs without a pause between them that nothing waits for.</summary>
    private const int Free = 5;

    /// <summary>While it goes on, it is reported when the wait grows, and then once for this many take-overs.</summary>
    private const int Reported = 12;

    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);

    /// <summary>After this time without a take-over they begin to count anew.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Contest>> _contests = new(StringComparer.Ordinal);
    private readonly LinkedList<Contest> _byLastTakeOver = new();

    /// <summary>Waits until a connection may take a client identifier over.</summary>
    /// <returns>False when it may not: too many wait for the same, or it has ended.</returns>
    public async Task<bool> WaitAsync(string clientId, CancellationToken ending)
    {
        var (wait, hasTurn) = QueueUp(clientId);
        if (wait <= TimeSpan.Zero)
        {
            return true;
        }

        counters.AddDelayed();
        await Task.Delay(wait, time, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return hasTurn && !ending.IsCancellationRequested;
    }

    /// <summary>Counts a take-over.</summary>
    /// <returns>The event that the next one waits longer, or still waits; null when there is nothing new to say.</returns>
    public ClientIdContested? NoteTakeOver(string clientId, string identity)
    {
        lock (_lock)
        {
            var contest = TouchLocked(clientId);
            var before = contest.Delay;
            contest.TakeOvers++;
            contest.Delay = contest.TakeOvers < Free
                ? TimeSpan.Zero
                : BackOff.After(contest.TakeOvers - Free + 1, First, longest, factor: 2);
            contest.NextTurn = Math.Max(contest.NextTurn, time.GetTimestamp() + TicksOf(contest.Delay));
            return contest.Delay > before || (contest.Delay > TimeSpan.Zero && contest.TakeOvers % Reported == 0)
                ? new ClientIdContested(clientId, identity, contest.TakeOvers, contest.Delay)
                : null;
        }
    }

    private (TimeSpan Wait, bool HasTurn) QueueUp(string clientId)
    {
        lock (_lock)
        {
            if (!_contests.TryGetValue(clientId, out var node) || node.Value.Delay == TimeSpan.Zero
                || time.GetElapsedTime(node.Value.At) >= Pause)
            {
                return (TimeSpan.Zero, true);
            }

            var contest = node.Value;
            var now = time.GetTimestamp();
            var turn = Math.Max(now, contest.NextTurn);
            var wait = time.GetElapsedTime(now, turn);
            if (wait > longest)
            {
                return (longest, false);
            }

            contest.NextTurn = turn + TicksOf(contest.Delay);
            return (wait, true);
        }
    }

    private Contest TouchLocked(string clientId)
    {
        if (_contests.TryGetValue(clientId, out var node))
        {
            _byLastTakeOver.Remove(node);
            if (time.GetElapsedTime(node.Value.At) >= Pause)
            {
                (node.Value.TakeOvers, node.Value.Delay) = (0, TimeSpan.Zero);
            }
        }
        else
        {
            if (_contests.Count >= MaxClients)
            {
                _contests.Remove(_byLastTakeOver.First!.Value.ClientId);
                _byLastTakeOver.RemoveFirst();
            }

            node = new LinkedListNode<Contest>(new Contest(clientId));
            _contests.Add(clientId, node);
        }

        node.Value.At = time.GetTimestamp();
        _byLastTakeOver.AddLast(node);
        return node.Value;
    }

    private long TicksOf(TimeSpan duration) => (long)(duration.TotalSeconds * time.TimestampFrequency);

    private sealed class Contest(string clientId)
    {
        public string ClientId { get; } = clientId;

        public int TakeOvers { get; set; }

        /// <summary>How long one take-over waits after another.</summary>
        public TimeSpan Delay { get; set; }

        /// <summary>When the last one was: a timestamp.</summary>
        public long At { get; set; }

        /// <summary>When the next connection may take it over: a timestamp.</summary>
        public long NextTurn { get; set; }
    }
}
