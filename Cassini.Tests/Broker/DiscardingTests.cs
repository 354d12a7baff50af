using Cassini.Streams.Broker.Connections;

namespace Cassini.Tests.Broker;

public class DiscardingTests
{
    [Fact]
    public async Task Run_MuchHasComeAlready_OthersHaveTheThreadBetween()
    {
        await using var peer = new ReadyStream();

        var running = Discarding.RunAsync(peer, TestContext.Current.CancellationToken);

        var readHere = peer.ReadsOf(Environment.CurrentManagedThreadId);
        await running;
        readHere.ShouldBeInRange(1, 10);
        peer.Reads.ShouldBeGreaterThan(1000);
    }

    /// <summary>A peer of which there is always more to read.</summary>
    private sealed class ReadyStream : MemoryStream
    {
        private readonly List<int> _threads = [];

        public int Reads
        {
            get
            {
                lock (_threads)
                {
                    return _threads.Count;
                }
            }
        }

        public int ReadsOf(int thread)
        {
            lock (_threads)
            {
                return _threads.Count(read => read == thread);
            }
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            lock (_threads)
            {
                _threads.Add(Environment.CurrentManagedThreadId);
            }

            return ValueTask.FromResult(buffer.Length);
        }
    }
}
