using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Cassini.Harness.Clients;

/// <summary>What the broker's CONNACK says it does not take (MQTT 5.0 §3.2.2.3). MQTT 3.1.1 has no limits.</summary>
internal sealed record BrokerLimits
{
    /// <summary>The largest packet in bytes [MQTT-3.2.2-15]; null is the protocol's.</summary>
    public uint? MaximumPacketSize { get; init; }

    /// <summary>The highest quality of service of a PUBLISH [MQTT-3.2.2-11].</summary>
    public MqttQualityOfServiceLevel MaximumQoS { get; init; } = MqttQualityOfServiceLevel.ExactlyOnce;

    /// <summary>Whether the broker keeps retained messages [MQTT-3.2.2-14].</summary>
    public bool HasRetain { get; init; } = true;

    /// <summary>Whether filters may have wildcards.</summary>
    public bool HasWildcards { get; init; } = true;

    /// <summary>Whether there are shared subscriptions.</summary>
    public bool HasSharedSubscriptions { get; init; } = true;

    public static BrokerLimits Of(MqttClientConnectResult answer, MqttProtocolVersion version) => version != MqttProtocolVersion.V500
        ? new BrokerLimits()
        : new BrokerLimits
        {
            MaximumPacketSize = answer.MaximumPacketSize is > 0 and var most ? most : null, // MQTTnet gives 0 for none.
            MaximumQoS = answer.MaximumQoS,
            HasRetain = answer.RetainAvailable,
            HasWildcards = answer.WildcardSubscriptionAvailable,
            HasSharedSubscriptions = answer.SharedSubscriptionAvailable,
        };
}
