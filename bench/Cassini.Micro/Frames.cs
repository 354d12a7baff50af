using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Micro;

/// <summary>Encoded packets to measure with.</summary>
internal static class Frames
{
    public static byte[] Publish(
        string topic, int payload, QualityOfService qos = QualityOfService.AtMostOnce,
        ushort id = 0, ProtocolVersion version = ProtocolVersion.V311)
    {
        var writer = new PublishWriter { Topic = MqttText.Encode(topic), Payload = new byte[payload], QoS = qos, PacketId = id };
        var frame = new byte[writer.Measure(version)];
        writer.Write(frame, version);
        return frame;
    }

    /// <summary>As many publishes as one TLS record holds.</summary>
    public static byte[] Record(byte[] frame)
    {
        var count = 16 * 1024 / frame.Length;
        return [.. Enumerable.Repeat(frame, count).SelectMany(bytes => bytes)];
    }
}
