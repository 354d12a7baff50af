using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Cassini.Tests.Store;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using CsCheck;

namespace Cassini.Tests.Broker;

public class WaitingMessagesTests
{
    private readonly VirtualClock _clock = new();

    /// <summary>
    /// Wherever they lie, messages come in their order; of QoS 0, which are never stored, only those are dropped that do not wait for a
    /// client that is away. In the end no memory and no disk is taken.
    /// </summary>
    [Fact]
    public void Messages_InMemoryAndOnDisk_ComeInTheirOrder() =>
        Gen.Int[0, 99].Array[1, 150].Sample(steps => ComeInTheirOrder(steps).GetAwaiter().GetResult(), iter: 300, threads: 1);

    private async Task ComeInTheirOrder(int[] steps)
    {
        await using var running = new RunningJournal(() => new ListLedger([]), _clock.Time);
        await running.LoadAsync();
        var memory = new TestMemory();
        var disk = new SharedResource(CapacityResource.Disk, 1 << 20, memory.Accounts);
        var journal = new SessionJournal(running.Journal, "c", disk, memory.Memory.Account);
        journal.PutExpiry("alice", 60, hasBacklog: false);
        var tally = new MemoryTally(memory.Memory);
        var waiting = new WaitingMessages(new BrokerOptions { MaxQueuedInMemory = 1_000 }, tally, new BrokerCounters(), journal);
        var expected = new Queue<(long Sequence, bool Outlives)>();
        var sequence = 0L;
        foreach (var step in steps)
        {
            switch (step)
            {
                case < 55:
                    // A fifth of them are of QoS 0, and half of these wait for a client that is away.
                    var queued = Copy(++sequence, isQoS0: step % 5 == 0, isOfBurst: step % 2 == 0);
                    waiting.TryAdd(queued, isConnected: true).ShouldBeTrue();
                    expected.Enqueue((sequence, queued.OutlivesConnection));
                    break;
                case < 65:
                    await Eventually.CompletesAsync(
                        "it is durable", running.Durability.WhenReachedAsync(journal.LastTicket, CancellationToken.None));
                    while (waiting.Settle(3))
                    {
                    }

                    break;
                case < 75:
                    await ReadAsync();
                    break;
                case < 79:
                    waiting.DropForConnection();
                    expected = new Queue<(long, bool)>(expected.Where(one => one.Outlives));
                    break;
                default:
                    Take();
                    break;
            }

            waiting.Count.ShouldBe(expected.Count);
            if (expected.TryPeek(out var oldest))
            {
                waiting.OldestSequence.ShouldBe(oldest.Sequence);
            }
        }

        while (expected.Count > 0)
        {
            await ReadAsync();
            Take();
        }

        disk.Used.ShouldBe(0);
        memory.Budget.Used.ShouldBe(0);

        void Take()
        {
            if (waiting.TryPeek(out var next))
            {
                next.Sequence.ShouldBe(expected.Dequeue().Sequence);
                next.ShouldBe(waiting.Dequeue());
                next.Release(tally);
            }
        }

        async Task ReadAsync()
        {
            if (waiting.WantsMore)
            {
                waiting.AddRead(await journal.ReadAsync(waiting.NextToRead, 1, CancellationToken.None));
            }
        }
    }

    // Some are in memory, then come those in the store alone, and then some that are in memory until they are durable.
    [Fact]
    public void Remove_WhereverTheyLie_RemovesTheseAndNoOthers()
    {
        var store = new InMemoryStore { GivesBack = true };
        var waiting = Waiting(store);
        Enumerable.Range(1, 6).ToList().ForEach(i => waiting.TryAdd(Copy(i, isQoS0: false, isOfBurst: false), true).ShouldBeTrue());
        waiting.Settle(int.MaxValue);
        var later = new TaskCompletionSource();
        store.Committing = () => later.Task;
        Enumerable.Range(7, 3).ToList().ForEach(i => waiting.TryAdd(Copy(i, isQoS0: false, isOfBurst: false), true).ShouldBeTrue());
        waiting.HasPending.ShouldBeTrue();

        waiting.Remove([2, 5, 8, 100]);

        waiting.Count.ShouldBe(6);
        waiting.OldestSequence.ShouldBe(1);
        waiting.Remove([1, 3, 4, 6, 7]);
        waiting.Count.ShouldBe(1);
        waiting.OldestSequence.ShouldBe(9);
        waiting.Remove([9]);
        waiting.Count.ShouldBe(0);
        waiting.Bytes.ShouldBe(0);
        waiting.Tail.ShouldBeNull();
        later.SetResult();
    }

    // All of it is being read for another node: what is read for a client meanwhile stays where it is.
    [Fact]
    public async Task AddRead_WhileItIsFrozen_MovesNothing()
    {
        var journal = Journal(new InMemoryStore { GivesBack = true });
        var waiting = Waiting(journal);
        Enumerable.Range(1, 6).ToList().ForEach(i => waiting.TryAdd(Copy(i, isQoS0: false, isOfBurst: false), true).ShouldBeTrue());
        waiting.Settle(int.MaxValue);
        while (waiting.TryPeek(out _))
        {
            waiting.Dequeue();
        }

        var read = await journal.ReadAsync(waiting.NextToRead, 1, CancellationToken.None);
        read.ShouldNotBeEmpty();
        var last = waiting.Tail!.Count;
        waiting.IsFrozen = true;

        waiting.AddRead(read);

        waiting.Tail!.Count.ShouldBe(last);
        waiting.InMemory.ShouldBeEmpty();
    }

    private static WaitingMessages Waiting(InMemoryStore store) => Waiting(Journal(store));

    private static WaitingMessages Waiting(SessionJournal journal) => new(
        new BrokerOptions { MaxQueuedInMemory = 300 }, new MemoryTally(new TestMemory().Memory), new BrokerCounters(), journal);

    private static SessionJournal Journal(InMemoryStore store)
    {
        var memory = new TestMemory();
        var journal = new SessionJournal(
            store, "c", new SharedResource(CapacityResource.Disk, 1 << 20, memory.Accounts), memory.Memory.Account);
        journal.PutExpiry("alice", 60, hasBacklog: false);
        Durability.TakeNoted();
        return journal;
    }

    private static QueuedMessage Copy(long sequence, bool isQoS0, bool isOfBurst) => new(
        new StoredMessage(new Topic("t"u8.ToArray(), isListed: false, 0), new byte[100], [], QualityOfService.AtLeastOnce, null),
        isQoS0 ? QualityOfService.AtMostOnce : QualityOfService.AtLeastOnce,
        Retain: false,
        [],
        sequence,
        IsOfBurst: isOfBurst);
}
