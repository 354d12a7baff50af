using System.Collections.Concurrent;

namespace Cassini.Harness.Load;

/// <summary>
/// When the newest messages of each client were sent, for sinks in the same process: beside the messages, since a time in them would make
/// every run's bytes different.
/// </summary>
internal sealed class SendTimes
{
    private readonly ConcurrentDictionary<(int Producer, int Client), Ring> _rings = new();

    public Ring Of(int producer, int client) => _rings.GetOrAdd((producer, client), static _ => new Ring());

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

        /// <summary>False when the place was taken by a later message, be it while we look.</summary>
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
