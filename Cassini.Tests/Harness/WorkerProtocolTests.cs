using System.Text;
using System.Text.Json;
using Cassini.Harness.Clients;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Workers;

namespace Cassini.Tests.Harness;

public class WorkerProtocolTests
{
    [Fact]
    public void Order_Sent_ArrivesAsItWas()
    {
        var order = new LoadOrder(
            new LoadRun(ulong.MaxValue, 42, 3),
            new BrokerAddress("b", "::1", 8883, "localhost"),
            [
                new PlanPublisher
                {
                    Index = 1,
                    Name = "ü",
                    Topic = "t",
                    Duration = TimeSpan.FromMilliseconds(1.5),
                    Pattern = new PlanPattern(3, TimeSpan.FromHours(1)),
                    Payload = new PlanPayload(PayloadKind.Template, "{{seq}}", 7),
                },
            ],
            [
                new PlanSubscriber
                {
                    Index = 0,
                    Name = "s",
                    Topic = "#",
                    Expect = new PlanExpectation { AtLeast = 5, Within = TimeSpan.FromSeconds(1), NoLoss = true },
                },
            ]);
        var marshaller = WorkerProtocol.Join.ResponseMarshaller;

        var received = marshaller.Deserializer(marshaller.Serializer(new ControllerMessage.Order(order)))
            .ShouldBeOfType<ControllerMessage.Order>();

        received.Load.Run.ShouldBe(order.Run);
        received.Load.Broker.ShouldBe(order.Broker);
        received.Load.Publishers.ShouldBe(order.Publishers);
        received.Load.Subscribers.ShouldBe(order.Subscribers);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"type":"welcome","run":"a controller's message"}""")]
    public void Message_ThatIsNone_IsRefused(string json) =>
        Should.Throw<JsonException>(() => WorkerProtocol.Join.RequestMarshaller.Deserializer(Encoding.UTF8.GetBytes(json)));
}
