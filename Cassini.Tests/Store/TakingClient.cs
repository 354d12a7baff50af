using System.Globalization;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Tests.Broker;

namespace Cassini.Tests.Store;

/// <summary>A client that takes numbered messages as MQTT asks for it: of QoS 2 each packet identifier once until it is released.</summary>
internal sealed class TakingClient
{
    private readonly List<long> _taken = [];
    private readonly HashSet<ushort> _held = [];

    public async Task SubscribeAsync(MqttTestClient client, string because)
    {
        await using (client)
        {
            await client.ConnectAsync(BrokerRig.Lasting(client.Connect("taking")));
            (await client.SubscribeAsync("kill/#", QualityOfService.ExactlyOnce)).ShouldBe(ReasonCode.GrantedQoS2, because);
        }
    }

    /// <summary>Takes what comes until the broker is gone, or until all have come.</summary>
    /// <param name="client">A connection without a CONNECT.</param>
    /// <param name="until">How many there are; null when the broker will be gone.</param>
    public async Task TakeAsync(MqttTestClient client, long? until)
    {
        await using (client)
        {
            try
            {
                (await client.ConnectAsync(BrokerRig.Lasting(client.Connect("taking")))).SessionPresent.ShouldBeTrue();
                while (until is not { } all || _taken.Distinct().LongCount() < all)
                {
                    await TakeOneAsync(client);
                }
            }
            catch (IOException) when (until is null)
            {
                // The broker is gone.
            }
        }
    }

    /// <summary>Nothing is missing, nothing of QoS 2 came twice, and the first of each came in order.</summary>
    public void Check(long sent, string because)
    {
        _taken.Distinct().LongCount().ShouldBe(sent, because);
        foreach (var qos in new[] { QualityOfService.AtLeastOnce, QualityOfService.ExactlyOnce })
        {
            var ofIt = _taken.Where(number => SendingClient.QoSOf(number) == qos).ToList();
            ofIt.Distinct().ShouldBeInOrder(because);
            if (qos == QualityOfService.ExactlyOnce)
            {
                ofIt.ShouldBeUnique(because);
            }
        }
    }

    private async Task TakeOneAsync(MqttTestClient client)
    {
        switch (await client.ReadAsync("a message comes"))
        {
            case ReceivedPublish { QoS: QualityOfService.AtLeastOnce } message:
                Take(message);
                await client.AckAsync(PacketType.PubAck, message.PacketId);
                break;
            case ReceivedPublish message:
                if (_held.Add(message.PacketId))
                {
                    Take(message);
                }

                await client.AckAsync(PacketType.PubRec, message.PacketId);
                break;
            case AckPacket { Type: PacketType.PubRel } release:
                _held.Remove(release.PacketId);
                await client.AckAsync(PacketType.PubComp, release.PacketId);
                break;
            default:
                throw new EndOfStreamException("The broker is gone.");
        }
    }

    private void Take(ReceivedPublish message) => _taken.Add(long.Parse(message.Text, CultureInfo.InvariantCulture));
}
