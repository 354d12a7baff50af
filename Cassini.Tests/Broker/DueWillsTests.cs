using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Broker;

/// <summary>Wills that are due at once: of those of many bytes, the housekeeper publishes only some in a pass.</summary>
public class DueWillsTests
{
    private const int Size = 60_000;
    private const int Wills = 200;
    private const int Few = 16;

    // Whoever comes first: those of others need not wait for them.
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Pass_SomeIdentitiesHaveMuchThatIsDue_TheOthersHaveTheirs(int identities)
    {
        await using var rig = new BrokerRig();
        var (large, small) = (new Counting(), new Counting());
        rig.Broker.Tree.Add(new Subscription(large, "large", QualityOfService.AtMostOnce, false, false, []));
        rig.Broker.Tree.Add(new Subscription(small, "small", QualityOfService.AtMostOnce, false, false, []));
        for (var i = 0; i < Wills; i++)
        {
            for (var identity = 0; identity < identities; identity++)
            {
                await LeaveAsync($"large-{identity}-{i}", $"many-{identity}", "large", new string('x', Size));
            }
        }

        for (var i = 0; i < Few; i++)
        {
            await LeaveAsync($"small-{i}", "few", "small", "gone");
        }

        rig.Advance(10);

        small.Got.Count.ShouldBe(Few);
        large.Got.Count.ShouldBeInRange(
            identities, identities == 1 ? 36 : 75 + (5 * identities), "a pass is bounded for one, and for all together");
        for (var pass = 0; pass < 50 && large.Got.Count < Wills * identities; pass++)
        {
            rig.Advance(0.25);
        }

        large.Got.Count.ShouldBe(Wills * identities);

        async Task LeaveAsync(string clientId, string identity, string topic, string payload)
        {
            var connection = await rig.OpenAsync(clientId, identity: identity, change: connect =>
            {
                connect = BrokerRig.WithWill(BrokerRig.Lasting(connect), topic, delay: 10);
                return connect with { Will = connect.Will! with { Payload = [.. Encoding.UTF8.GetBytes(payload)] } };
            });
            await connection.LoseAsync();
        }
    }

    /// <summary>Counts what it gets.</summary>
    private sealed class Counting : Subscriber
    {
        public List<int> Got { get; } = [];

        public override bool IsReachable => true;

        public override bool KeepsMessages => false;

        public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes) =>
            Got.Add(message.Payload.Length);
    }
}
