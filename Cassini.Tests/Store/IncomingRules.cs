using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;

namespace Cassini.Tests.Store;

/// <summary>What a broker may send to one client, as far as that is seen on its connections alone.</summary>
/// <param name="checker">Told of what is wrong.</param>
/// <param name="id">The client.</param>
/// <param name="receiveMaximum">How many messages may be unfinished on a connection.</param>
internal sealed class IncomingRules(ScheduleChecker checker, string id, int receiveMaximum)
{
    private readonly HashSet<ushort> _inUse = [];
    private readonly Dictionary<ushort, string> _texts = [];
    private readonly HashSet<ushort> _released = [];

    /// <summary>A connection begins.</summary>
    public void OnConnecting() => _inUse.Clear();

    public void OnSessionEnded()
    {
        _texts.Clear();
        _released.Clear();
    }

    public void OnPublish(ReceivedPublish publish)
    {
        if (publish.QoS == QualityOfService.AtMostOnce)
        {
            Forbid(publish.Dup, publish, "MQTT-3.3.1-2");
            return;
        }

        Forbid(!_inUse.Add(publish.PacketId), publish, "MQTT-2.2.1-4");
        Forbid(_inUse.Count > receiveMaximum, publish, "MQTT-3.3.4-9");
        if (publish.QoS == QualityOfService.ExactlyOnce)
        {
            var isKnown = _texts.TryGetValue(publish.PacketId, out var before) && before == publish.Text;
            Forbid(isKnown && publish.Dup && _released.Contains(publish.PacketId), publish, "MQTT-4.3.3-6");
            _texts[publish.PacketId] = publish.Text;
            _released.Remove(publish.PacketId);
        }
    }

    public void OnPubRel(ushort packetId) => _released.Add(packetId);

    /// <summary>The client sends the last acknowledgement of a message.</summary>
    public void OnFinished(ushort packetId) => _inUse.Remove(packetId);

    private void Forbid(bool isWrong, ReceivedPublish publish, string clause)
    {
        if (isWrong)
        {
            checker.Fail($"{id} gets {publish.Text} of {publish.QoS} as {publish.PacketId} against [{clause}]");
        }
    }
}
