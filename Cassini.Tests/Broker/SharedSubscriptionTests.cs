using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>Subscriptions that several clients share (MQTT 5.0 §4.8).</summary>
public class SharedSubscriptionTests
{
    // §4.8.2
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task SharedSubscription_SeveralMembers_GivesEachMessageToOneInTurn(int version)
    {
        await using var rig = new BrokerRig();
        var members = new List<MqttTestClient>();
        for (var i = 0; i < 3; i++)
        {
            members.Add(await rig.ConnectAsync($"m{i}", version));
            await members[i].SubscribeAsync("$share/g/t/+", QualityOfService.AtLeastOnce);
        }

        var outsider = await rig.ConnectAsync("outsider", version);
        await outsider.SubscribeAsync("t/+", QualityOfService.AtMostOnce);
        var other = await rig.ConnectAsync("other", version);
        await other.SubscribeAsync("$share/h/t/+", QualityOfService.AtMostOnce);
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 9; i++)
        {
            await publisher.PublishAsync("t/1", $"{i}", QualityOfService.AtLeastOnce);
            await outsider.ExpectPublishAsync("t/1", $"{i}");
            await other.ExpectPublishAsync("t/1", $"{i}");
        }

        var got = new List<string>();
        foreach (var member in members)
        {
            for (var i = 0; i < 3; i++)
            {
                got.Add((await member.ExpectAsync<ReceivedPublish>()).Text);
            }

            await member.ExpectNothingAsync();
        }

        got.Order().ShouldBe(Enumerable.Range(0, 9).Select(i => $"{i}"));
    }

    // §4.8.2: a member that can receive a message gets it.
    [Fact]
    public async Task SharedSubscription_MemberIsOffline_GoesToTheOnlineMembers()
    {
        await using var rig = new BrokerRig();
        var away = await rig.OpenAsync("away", change: BrokerRig.Lasting);
        await away.Client.SubscribeAsync("$share/g/t", QualityOfService.AtLeastOnce);
        await away.DisconnectAsync();
        var here = await rig.OpenAsync("here", change: BrokerRig.Lasting);
        await here.Client.SubscribeAsync("$share/g/t", QualityOfService.AtLeastOnce);
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 4; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QualityOfService.AtLeastOnce);
            await here.Client.ExpectPublishAsync("t", $"{i}");
        }

        await here.DisconnectAsync();
        await publisher.PublishAsync("t", "kept by one of them", QualityOfService.AtLeastOnce);
        rig.Broker.Sessions.All.Sum(session => session.Deliveries.Backlog).ShouldBe(4 + 1, "four are not acknowledged");
    }

    // [MQTT-3.8.3-4]
    [Fact]
    public async Task SharedSubscription_WithNoLocal_IsAProtocolError()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        var request = new SubscriptionRequest("$share/g/t", 0, NoLocal: true, false, RetainHandling.Send);
        await client.SendAsync(new SubscribePacket(1, [request], PropertySet.Empty).Write(client.Version));
        await client.ExpectClosedAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    public async Task SharedSubscription_BesideAnOrdinaryOne_GivesACopyForEach()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("$share/g/t", QualityOfService.AtMostOnce, identifier: 1);
        await client.SubscribeAsync("t", QualityOfService.AtMostOnce, identifier: 2);
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1");
        var identifiers = new[] { await client.ExpectPublishAsync("t", "1"), await client.ExpectPublishAsync("t", "1") }
            .SelectMany(message => message.Properties.SubscriptionIdentifiers);
        identifiers.Order().ShouldBe([1, 2]);
        await client.ExpectNothingAsync();
    }

    // §4.8.2: the server should send it to another member.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task SharedSubscription_SessionEndsBeforeItAcknowledged_GoesToAnotherMember(int version)
    {
        await using var rig = new BrokerRig();
        var leaving = await rig.OpenAsync("leaving", version);
        await leaving.Client.SubscribeAsync("$share/g/t/#", QualityOfService.AtLeastOnce);
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 3; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QualityOfService.AtLeastOnce);
            await leaving.Client.ExpectPublishAsync("t", $"{i}");
        }

        var staying = await rig.OpenAsync("staying", version);
        await staying.Client.SubscribeAsync("$share/g/t/#", QualityOfService.AtLeastOnce);
        await leaving.LoseAsync();
        for (var i = 0; i < 3; i++)
        {
            var message = await staying.Client.ExpectPublishAsync("t", $"{i}");
            (message.QoS, message.Dup).ShouldBe((QualityOfService.AtLeastOnce, false));
            await staying.Client.AckAsync(PacketType.PubAck, message.PacketId);
        }

        await staying.Client.ExpectNothingAsync();
        rig.Broker.Statistics.QueuedMessages.ShouldBe(0);
    }

    // [MQTT-4.8.2-5]; one that was never sent is not in the process of being sent.
    [Fact]
    public async Task SharedSubscription_SessionEndsWithQoS2_HandsOnOnlyWhatWasNotSent()
    {
        await using var rig = new BrokerRig();
        var leaving = await rig.OpenAsync("leaving", change: connect => BrokerRig.Lasting(connect) with
        {
            Properties = new PropertySet { ReceiveMaximum = 1, SessionExpiryInterval = 60 },
        });
        await leaving.Client.SubscribeAsync("$share/g/t", QualityOfService.ExactlyOnce);
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "sent", QualityOfService.ExactlyOnce);
        await publisher.PublishAsync("t", "waiting", QualityOfService.ExactlyOnce);
        await publisher.PublishAsync(
            "t", "expired", QualityOfService.ExactlyOnce, properties: new PropertySet { MessageExpiryInterval = 30 });
        await leaving.Client.ExpectPublishAsync("t", "sent");
        await leaving.LoseAsync();
        var staying = await rig.ConnectAsync("staying");
        await staying.SubscribeAsync("$share/g/t", QualityOfService.ExactlyOnce);
        rig.Advance(59);
        await staying.ExpectNothingAsync();

        rig.Advance(2);
        (await staying.ExpectPublishAsync("t", "waiting")).QoS.ShouldBe(QualityOfService.ExactlyOnce);
        await staying.ExpectNothingAsync();
        rig.Broker.Statistics.Expired.ShouldBe(1);
    }

    [Fact]
    public async Task SharedSubscription_CleanStartOfAMember_HandsOnWhatItsOldSessionHad()
    {
        await using var rig = new BrokerRig();
        var first = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        await first.Client.SubscribeAsync("$share/g/t", QualityOfService.AtLeastOnce);
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        await first.Client.ExpectPublishAsync("t", "1");
        var other = await rig.ConnectAsync("b");
        await other.SubscribeAsync("$share/g/t", QualityOfService.AtMostOnce);
        await rig.ConnectAsync("a");
        (await other.ExpectPublishAsync("t", "1")).QoS.ShouldBe(QualityOfService.AtMostOnce);
    }

    // [MQTT-4.8.2-6]
    [Fact]
    public async Task SharedSubscription_MemberRejectsTheMessage_GoesToNobodyElse()
    {
        await using var rig = new BrokerRig();
        var leaving = await rig.OpenAsync("leaving");
        await leaving.Client.SubscribeAsync("$share/g/t", QualityOfService.AtLeastOnce);
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        var message = await leaving.Client.ExpectPublishAsync("t", "1");
        var staying = await rig.ConnectAsync("staying");
        await staying.SubscribeAsync("$share/g/t", QualityOfService.AtLeastOnce);
        await leaving.Client.AckAsync(PacketType.PubAck, message.PacketId, ReasonCode.ImplementationSpecificError);
        await leaving.Client.PingAsync();
        await leaving.LoseAsync();
        await staying.ExpectNothingAsync();
    }

    // A lost subscription of one's own is nobody else's.
    [Fact]
    public async Task OrdinarySubscription_SessionEnds_HandsNothingOn()
    {
        await using var rig = new BrokerRig();
        var before = rig.Broker.Budget.Used;
        var leaving = await rig.OpenAsync("leaving");
        await leaving.Client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        var staying = await rig.ConnectAsync("staying");
        await staying.SubscribeAsync("$share/g/t", QualityOfService.AtLeastOnce);
        await leaving.LoseAsync();
        await staying.ExpectNothingAsync();
        rig.Broker.Budget.Used.ShouldBeLessThan(before + 8_192, "only the sessions are left");
    }
}
