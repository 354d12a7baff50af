using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Quotas;

namespace Cassini.Tests.Broker;

public class HeldWillTests
{
    private readonly Account _account;
    private readonly MemoryBudget _budget;

    public HeldWillTests()
    {
        var accounts = new AccountTable(QuotaOptions.Whole);
        _account = accounts.Open("alice");
        _budget = new MemoryBudget(1_000_000, accounts);
    }

    private long Held => _account.Held(CapacityResource.Memory);

    // A will may have many short properties: each would be several objects if they were not kept as bytes.
    [Fact]
    public void TryMake_ManyProperties_CostsTheirBytes()
    {
        var properties = new PropertySet { UserProperties = [.. Enumerable.Range(0, 5_000).Select(i => new UserProperty("", "x"))] };
        var encoded = MessageProperties.Encode(properties).Length;

        var will = HeldWill.TryMake(WillOf(properties), "a", _budget.Of(_account), NoStore.Instance);

        will.ShouldNotBeNull();
        Held.ShouldBeInRange(encoded, encoded + 1_000);
        will.Release();
        will.Release();
        Held.ShouldBe(0);
    }

    [Fact]
    public void TryMake_NoMemory_IsNull()
    {
        var will = WillOf(PropertySet.Empty) with { Payload = [.. new byte[1_000_000]] };

        HeldWill.TryMake(will, "a", _budget.Of(_account), NoStore.Instance).ShouldBeNull();

        Held.ShouldBe(0);
    }

    private static WillMessage WillOf(PropertySet properties) => new("wills", [1], QualityOfService.AtLeastOnce, false, properties);
}
