using System.Diagnostics;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Broker;

/// <summary>What a QoS 0 message costs the garbage collector: nothing.</summary>
public class AllocationTests
{
    private const int Messages = 150;
    private const int Batches = 2_000;

    [Theory]
    [InlineData(4, 4)]
    [InlineData(5, 5)]
    [InlineData(4, 5)]
    [InlineData(5, 4)]
    public void QoS0Messages_InSteadyState_AllocateNothing(byte publisher, byte subscriber) =>
        AllocatesNothing(publisher, subscriber, PropertySet.Empty, spans: null);

    [Theory]
    [InlineData(null)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")]
    [InlineData("no trace context")]
    public void QoS0Messages_ThatAreNotSampled_AllocateNothing(string? traceparent)
    {
        using var spans = new RecordedSpans();
        var properties = traceparent is null
            ? PropertySet.Empty
            : PropertySet.Empty with { UserProperties = [new UserProperty("traceparent", traceparent)] };
        AllocatesNothing(5, 5, properties, spans.Source);

        spans.Ended.ShouldBeEmpty();
    }

    private static void AllocatesNothing(byte publisher, byte subscriber, PropertySet properties, ActivitySource? spans)
    {
        var tracing = spans is null ? null : new MessageTracing(spans);
        var broker = new MqttBroker(
            new BrokerOptions(), "1.2.3", new AccountTable(new QuotaOptions()), NoStore.Instance, new RecordingPublisher(),
            TimeProvider.System, NullLogger<MqttBroker>.Instance, tracing);
        var (_, _, _, sink) = Connect(broker, 1, "sub", (ProtocolVersion)subscriber);
        var session = broker.Sessions.Find("sub")!;
        session.Subscriptions.Add(new Subscription(session, "a/+/c", QualityOfService.ExactlyOnce, false, false, []));
        var (from, handler, input, source) = Connect(broker, 2, "pub", (ProtocolVersion)publisher);
        source.Bytes = Batch((ProtocolVersion)publisher, properties);
        var sent = sink.Written;

        Run(100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(Batches);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        (sink.Written - sent).ShouldBeGreaterThan((Batches + 100L) * Messages * 64, "every message arrives");
        broker.Counters.Dropped.ShouldBe(0);

        // An object for each message would be 24 bytes at least. In a debug build the asynchronous methods of a batch are objects.
        ((double)allocated / (Batches * Messages)).ShouldBeLessThan(2, $"{allocated} bytes for {Batches * Messages} messages");

        void Run(int batches)
        {
            for (var i = 0; i < batches; i++)
            {
                input.FillAsync(0, CancellationToken.None).GetAwaiter().GetResult();
                while (handler.Handle(input, out _) == Step.GoOn)
                {
                    // The machine was busy: the rest of the batch follows.
                }

                from.Flushes.Flush();
            }
        }
    }

    private static byte[] Batch(ProtocolVersion version, PropertySet properties)
    {
        // About 64 bytes in all, with properties or without: what a batch costs goes by its size.
        var encoded = MessageProperties.Encode(properties);
        var writer =
            new PublishWriter { Topic = "a/b/c"u8, Payload = new byte[Math.Max(0, 64 - encoded.Length)], MessageProperties = encoded };
        var frame = new byte[writer.Measure(version)];
        writer.Write(frame, version);
        return [.. Enumerable.Repeat(frame, Messages).SelectMany(bytes => bytes)];
    }

    private static (ClientConnection Connection, PacketHandler Handler, ReceiveBuffer Input, EndlessStream Stream) Connect(
        MqttBroker broker, long id, string clientId, ProtocolVersion version)
    {
        var stream = new EndlessStream();
        var transport = new Connection(
            id, "endpoint", "peer", new AccountTable(new QuotaOptions()).Open(clientId), new ConnectionStream(stream, null),
            new ConnectionFate(NullLogger.Instance), new RecordingPublisher(), isProbe: false);
        var connection = broker.Open(transport);
        var connect = new ConnectPacket { Version = version, ClientId = clientId, CleanStart = true };
        var link = broker.Connecting.Open(connection, connect);
        var handler = broker.Connecting.AnswerAsync(link, connect, CancellationToken.None).GetAwaiter().GetResult();
        connection.Flushes.Flush();
        return (connection, handler.ShouldNotBeNull(), new ReceiveBuffer(stream, connection.Memory), stream);
    }
}
