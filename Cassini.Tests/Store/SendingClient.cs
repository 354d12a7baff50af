using System.Globalization;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Tests.Broker;

namespace Cassini.Tests.Store;

/// <summary>
/// A client that numbers its messages, QoS 1 and 2 in turn, and has many under way. What is not acknowledged when its connection is lost it
/// sends again on the next one [MQTT-4.4.0-1].
/// </summary>
internal sealed class SendingClient
{
    private const int UnderWay = 100;

    // By packet identifier, in the order in which they were sent.
    private readonly SortedDictionary<long, (ushort Id, bool IsReceived)> _unfinished = [];
    private ushort _lastId;

    /// <summary>How many messages it has sent; their numbers begin with 1.</summary>
    public long Sent { get; private set; }

    public static QualityOfService QoSOf(long number) => number % 2 == 0 ? QualityOfService.ExactlyOnce : QualityOfService.AtLeastOnce;

    /// <summary>Sends until the broker is gone.</summary>
    /// <param name="client">A connection without a CONNECT.</param>
    /// <param name="acknowledgements">After how many acknowledgements to end the broker.</param>
    /// <param name="end">Ends the broker.</param>
    public async Task SendAsync(MqttTestClient client, int acknowledgements, Action end)
    {
        await using (client)
        {
            try
            {
                await ResumeAsync(client);
                for (var seen = 0; ; seen++)
                {
                    if (seen == acknowledgements)
                    {
                        end();
                    }

                    while (_unfinished.Count < UnderWay)
                    {
                        await SendNextAsync(client);
                    }

                    await TakeAnswerAsync(client);
                }
            }
            catch (IOException)
            {
                // The broker is gone.
            }
        }
    }

    /// <summary>Sends what is unfinished, and waits until it is finished.</summary>
    public async Task FinishAsync(MqttTestClient client)
    {
        await using (client)
        {
            await ResumeAsync(client);
            while (_unfinished.Count > 0)
            {
                await TakeAnswerAsync(client);
            }
        }
    }

    private async Task ResumeAsync(MqttTestClient client)
    {
        await client.ConnectAsync(BrokerRig.Lasting(client.Connect("sending")));
        foreach (var (number, (id, isReceived)) in _unfinished)
        {
            if (isReceived)
            {
                await client.AckAsync(PacketType.PubRel, id);
            }
            else
            {
                await PublishAsync(client, number, id, isAgain: true);
            }
        }
    }

    private Task SendNextAsync(MqttTestClient client)
    {
        do
        {
            _lastId = _lastId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastId + 1);
        }
        while (_unfinished.Values.Any(one => one.Id == _lastId));
        _unfinished.Add(++Sent, (_lastId, false));
        return PublishAsync(client, Sent, _lastId, isAgain: false);
    }

    private static Task PublishAsync(MqttTestClient client, long number, ushort id, bool isAgain) => client.SendAsync(
        client.Publish(
            $"kill/{(int)QoSOf(number)}", number.ToString(CultureInfo.InvariantCulture), QoSOf(number), id, dup: isAgain));

    private async Task TakeAnswerAsync(MqttTestClient client)
    {
        var ack = await client.ReadAsync("an answer comes") as AckPacket? ?? throw new EndOfStreamException("The broker is gone.");
        var number = _unfinished.Single(pair => pair.Value.Id == ack.PacketId).Key;
        if (ack.Type == PacketType.PubRec)
        {
            _unfinished[number] = (ack.PacketId, true);
            await client.AckAsync(PacketType.PubRel, ack.PacketId);
        }
        else
        {
            _unfinished.Remove(number);
        }
    }
}
