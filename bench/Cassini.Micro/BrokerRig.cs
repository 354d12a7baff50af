using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Tests.Broker;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Micro;

/// <summary>A broker whose clients' streams lead nowhere: what is measured is the engine alone.</summary>
internal sealed class BrokerRig
{
    private long _id;

    public BrokerCore Core { get; } = new(new BrokerOptions(), new InMemoryStore(), new Silence(), TimeProvider.System, NullLogger.Instance);

    /// <summary>A connected client.</summary>
    public (ClientConnection Connection, PacketHandler Handler, ReceiveBuffer Input, EndlessStream Stream) Connect(string clientId)
    {
        var stream = new EndlessStream();
        var connection = new Connection(
            ++_id, "bench", "bench", clientId, new ConnectionStream(stream, null), new ConnectionFate(NullLogger.Instance), Core.Events, isProbe: false);
        var client = new ClientConnection(Core, connection, Core.Counters);
        var connected = new ConnectPhase(Core, client)
            .RunAsync(new ConnectPacket { Version = ProtocolVersion.V311, ClientId = clientId, CleanStart = true }).GetAwaiter().GetResult();
        client.Flushes.Flush();
        return (client, new PacketHandler(Core, client, connected!, null), new ReceiveBuffer(stream, Core.Budget), stream);
    }

    public void Subscribe(ClientConnection connection, string filter, QualityOfService qos = QualityOfService.AtMostOnce) =>
        connection.Client!.Session.Subscribe(new Subscription(connection.Client.Session, filter, qos, false, false, []));

    private sealed class Silence : IEventPublisher
    {
        public long LastSequence => 0;

        public void Publish(BrokerEvent happened)
        {
        }
    }
}
