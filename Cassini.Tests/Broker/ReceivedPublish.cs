using System.Text;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>A PUBLISH as a client got it.</summary>
internal sealed record ReceivedPublish(
    string Topic, byte[] Payload, QualityOfService QoS, bool Retain, bool Dup, ushort PacketId, PropertySet Properties)
{
    public string Text => Encoding.UTF8.GetString(Payload);
}
