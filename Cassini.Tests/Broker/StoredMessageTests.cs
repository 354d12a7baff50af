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
    private const int More = 160;

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
