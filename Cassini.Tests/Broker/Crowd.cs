using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Tests.Broker;

/// <summary>Very many subscribers of one topic, <c>t</c>.</summary>
internal static class Crowd
{
    /// <param name="rig">The broker.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="share">The beginning of the filter of each; <c>{0}</c> is its number.</param>
    public static List<CrowdMember> Subscribe(BrokerRig rig, int count, string share = "")
    {
        var members = Enumerable.Range(0, count).Select(_ => new CrowdMember()).ToList();
        for (var i = 0; i < count; i++)
        {
            var filter = share.Replace("{0}", $"{i}", StringComparison.Ordinal) + "t";
            rig.Broker.Tree.Add(new Subscription(members[i], filter, QualityOfService.AtMostOnce, false, false, []));
        }

        return members;
    }

    /// <summary>A message of QoS 1, encoded.</summary>
    public static byte[] PublishPacketOf(string topic, string payload, ushort id, bool retain = false)
    {
        var writer = new PublishWriter
        {
            Topic = MqttText.Encode(topic),
            Payload = MqttText.Encode(payload),
            QoS = QualityOfService.AtLeastOnce,
            PacketId = id,
            Retain = retain,
        };
        var packet = new byte[writer.Measure(ProtocolVersion.V500)];
        writer.Write(packet, ProtocolVersion.V500);
        return packet;
    }
}

/// <summary>Notes what it gets.</summary>
internal sealed class CrowdMember : Subscriber
{
    public List<string> Got { get; } = [];

    public override bool IsReachable => true;

    public override bool KeepsMessages => false;

    public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes) =>
        Got.Add(Encoding.UTF8.GetString(message.Payload));
}
