using System.Collections.Concurrent;

namespace Cassini.Harness.Load;

/// <summary>
/// When the latest messages of each client were sent, for subscribers in the same process. Not in the messages, because a time in them
/// would make the bytes of each run different.
/// </summary>
internal sealed class SendTimes
{
    private readonly ConcurrentDictionary<(int Publisher, int Client), Ring> _rings = new();

    public Ring Of(int publisher, int client) => _rings.GetOrAdd((publisher, client), static _ => new Ring());

    public sealed class Ring
    {
        private const int Length = 1 << 16;

        private readonly long[] _sequences = new long[Length];
        private readonly long[] _times = new long[Length];

        public Ring() => Array.Fill(_sequences, -1);

        public void Put(long sequence, long timestamp)
        {
            var at = sequence & (Length - 1);
            Volatile.Write(ref _sequences[at], -1);
            Volatile.Write(ref _times[at], timestamp);
            Volatile.Write(ref _sequences[at], sequence);
        }

        /// <summary>False when a later message has replaced it, or replaces it now.</summary>
        public bool TryGet(long sequence, out long timestamp)
        {
            var at = sequence & (Length - 1);
            var isThere = Volatile.Read(ref _sequences[at]) == sequence;
            timestamp = Volatile.Read(ref _times[at]);
            Interlocked.MemoryBarrier();
            return isThere && Volatile.Read(ref _sequences[at]) == sequence;
        }
    }
}
