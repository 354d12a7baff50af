using BenchmarkDotNet.Attributes;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Micro;

/// <summary>The codec on the hot path: no allocation is allowed here.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private readonly byte[] _v311 = Frames.Publish("sensors/cellar/temperature", 64);
    private readonly byte[] _v500 = Frames.Publish("sensors/cellar/temperature", 64, version: ProtocolVersion.V500);
    private readonly byte[] _to = new byte[256];

    [Benchmark(Description = "read PUBLISH, 3.1.1")]
    public int ReadV311() => Read(_v311, ProtocolVersion.V311);

    [Benchmark(Description = "read PUBLISH, 5.0")]
    public int ReadV500() => Read(_v500, ProtocolVersion.V500);

    [Benchmark(Description = "write PUBLISH, 5.0")]
    public int Write()
    {
        var writer = new PublishWriter
        {
            Topic = "sensors/cellar/temperature"u8,
            Payload = _v311.AsSpan(0, 64),
            QoS = QualityOfService.AtLeastOnce,
            PacketId = 7,
        };
        var size = writer.Measure(ProtocolVersion.V500);
        writer.Write(_to, ProtocolVersion.V500);
        return size;
    }

    [Benchmark(Description = "read PUBACK")]
    public int ReadAck()
    {
        FrameReader.Read([0x40, 2, 0, 1], 1024, ProtocolVersion.V500, out var frame, out _, out _);
        AckPacket.TryRead(frame, ProtocolVersion.V500, out var packet, out _);
        return packet.PacketId;
    }

    private static int Read(byte[] bytes, ProtocolVersion version)
    {
        FrameReader.Read(bytes, 1024, version, out var frame, out _, out _);
        PublishPacket.TryRead(frame, version, fromClient: true, out var packet, out _);
        return packet.Payload.Length;
    }
}
