using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using CsCheck;

namespace Cassini.Tests.Broker;

/// <summary>For whom a message that several hold counts.</summary>
public class StoredMessageTests
{
    private const int Identities = 4;
    private const int Messages = 3;
    private const int More = 160;

    /// <summary>What a queue may not have told yet.</summary>
    private const int LargestUntold = 4096;

    // Once for each identity that holds it, once for all together, and for nobody at the end.
    [Fact]
    public void HoldAndRelease_InAnyOrder_CountsOnceForEachIdentity() =>
        Gen.Select(Gen.Int[0, Identities - 1], Gen.Bool).Array[0, 60].Sample(steps =>
        {
            var accounts = new AccountTable(QuotaOptions.Whole);
            var budget = new MemoryBudget(long.MaxValue, accounts);
            var memories = Enumerable.Range(0, Identities).Select(i => budget.Of(accounts.Open($"{i}"))).ToArray();
            var message = new StoredMessage(new Topic([.. "t"u8], true, 0), new byte[100], [], QualityOfService.AtLeastOnce, null);
            var holds = new int[Identities];
            foreach (var (who, isHold) in steps)
            {
                if (isHold)
                {
                    message.Hold(memories[who], More);
                    holds[who]++;
                }
                else if (holds[who] > 0)
                {
                    message.Release(memories[who], More);
                    holds[who]--;
                }

                memories.Select(memory => memory.Held).ShouldBe(
                    holds.Select(count => ((long)count * More) + (count > 0 ? message.Size : 0)));
                budget.Used.ShouldBe((holds.Sum() * More) + (holds.Sum() > 0 ? message.Size : 0));
            }
        });

    // The queues of an identity and its outboxes hold the same message: what one took of it another gives back.
    [Fact]
    public void HoldAndRelease_ByQueuesThatTellInLumps_CountsAboutThatAndNothingAtTheEnd() =>
        Gen.Select(Gen.Int[0, Identities - 1], Gen.Int[0, Messages - 1], Gen.Bool, Gen.Bool).Array[0, 200].Sample(steps =>
        {
            var accounts = new AccountTable(QuotaOptions.Whole);
            var budget = new MemoryBudget(long.MaxValue, accounts);
            var memories = Enumerable.Range(0, Identities).Select(i => budget.Of(accounts.Open($"{i}"))).ToArray();
            var tallies = memories.Select(memory => new MemoryTally(memory)).ToArray();
            var messages = Enumerable.Range(1, Messages)
                .Select(i => new StoredMessage(
                    new Topic([.. "t"u8], true, 0), new byte[100 * i * i], [], QualityOfService.AtLeastOnce, null))
                .ToArray();
            var queued = new int[Identities, Messages];
            var outgoing = new int[Identities, Messages];
            foreach (var (who, what, isQueue, isHold) in steps.Concat(All(isQueue: true)).Concat(All(isQueue: false)))
            {
                ref var holds = ref (isQueue ? queued : outgoing)[who, what];
                if (isHold)
                {
                    holds++;
                    Hold(messages[what], who, isQueue);
                }
                else if (holds > 0)
                {
                    holds--;
                    Release(messages[what], who, isQueue);
                }

                foreach (var (i, memory) in memories.Index())
                {
                    var exact = messages.Index().Sum(message =>
                        ((long)More * queued[i, message.Index])
                        + (queued[i, message.Index] + outgoing[i, message.Index] > 0 ? message.Item.Size : 0));
                    Math.Abs(memory.Held - exact).ShouldBeLessThan(LargestUntold);
                }
            }

            budget.Used.ShouldBe(0);
            memories.ShouldAllBe(memory => memory.Held == 0);

            void Hold(StoredMessage message, int who, bool isQueue)
            {
                if (isQueue)
                {
                    message.Hold(tallies[who], More);
                }
                else
                {
                    message.Hold(memories[who]);
                }
            }

            void Release(StoredMessage message, int who, bool isQueue)
            {
                if (isQueue)
                {
                    message.Release(tallies[who], More);
                }
                else
                {
                    message.Release(memories[who]);
                }
            }

            IEnumerable<(int, int, bool, bool)> All(bool isQueue) =>
                from who in Enumerable.Range(0, Identities)
                from what in Enumerable.Range(0, Messages)
                from hold in Enumerable.Range(0, steps.Length)
                select (who, what, isQueue, false);
        });

    [Fact]
    public void Hold_ManyThreads_EndsWithNothing()
    {
        var accounts = new AccountTable(QuotaOptions.Whole);
        var budget = new MemoryBudget(long.MaxValue, accounts);
        var memories = Enumerable.Range(0, Identities).Select(i => budget.Of(accounts.Open($"{i}"))).ToArray();
        var message = new StoredMessage(new Topic([.. "t"u8], true, 0), new byte[100], [], QualityOfService.AtLeastOnce, null);

        Parallel.For(0, 20_000, i =>
        {
            message.Hold(memories[i % Identities]);
            message.Release(memories[i % Identities]);
        });

        budget.Used.ShouldBe(0);
        memories.ShouldAllBe(memory => memory.Account.Held(CapacityResource.Memory) == 0);
    }
}
