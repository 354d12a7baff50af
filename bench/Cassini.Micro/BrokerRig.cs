using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Quotas;
using Cassini.Tests.Broker;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Micro;

/// <summary>A broker with clients whose streams discard everything, so that the engine alone is measured.</summary>
internal sealed class BrokerRig
{
    private static readonly AccountTable Accounts = new(new QuotaOptions());

    private readonly MqttBroker _broker = new(
        new BrokerOptions(), "bench", Accounts, NoStore.Instance, new Silence(), TimeProvider.System, NullLogger<MqttBroker>.Instance);
    private long _id;

    /// <summary>A connected client.</summary>
    public (ClientConnection Connection, PacketHandler Handler, ReceiveBuffer Input, EndlessStream Stream) Connect(string clientId)
    {
        var stream = new EndlessStream();
        var connection = new Connection(
            ++_id, "bench", "bench", Accounts.Open(clientId), new ConnectionStream(stream, null),
            new ConnectionFate(NullLogger.Instance), new Silence(), isProbe: false);
        var client = _broker.Open(connection);
        var connect = new ConnectPacket { Version = ProtocolVersion.V311, ClientId = clientId, CleanStart = true };
        var link = _broker.Connecting.Open(client, connect);
        var handler = _broker.Connecting.AnswerAsync(link, connect, CancellationToken.None).GetAwaiter().GetResult();
        client.Flushes.Flush();
        return (client, handler!, new ReceiveBuffer(stream, client.Memory), stream);
    }

    public void Subscribe(string clientId, string filter, QualityOfService qos = QualityOfService.AtMostOnce)
    {
        var session = _broker.Sessions.Find(clientId)!;
        session.Subscriptions.Add(new Subscription(session, filter, qos, false, false, []));
    }

    private sealed class Silence : IEventPublisher
    {
        public void Publish(BrokerEvent happened)
        {
        }
    }
}
