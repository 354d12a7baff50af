using static Cassini.Streams.Mqtt.Properties.PropertyId;

namespace Cassini.Streams.Mqtt.Properties;

/// <summary>The carriers in which each property is allowed (MQTT 5.0 table 2-4).</summary>
internal static class PropertyRules
{
    /// <summary>The first section of each carrier is about the property length.</summary>
    private const int FirstSection = 2;

    private static readonly ulong[] Allowed = [.. Enum.GetValues<PropertyOwner>().Select(owner => Mask(AllowedIn(owner)))];

    public static bool IsAllowed(PropertyOwner owner, int id) => id is > 0 and < 64 && (Allowed[(int)owner] & (1UL << id)) != 0;

    /// <summary>Whether the property may be repeated.</summary>
    public static bool MayRepeat(PropertyOwner owner, PropertyId id) =>
        id == PropertyId.UserProperty || (id == SubscriptionIdentifier && owner == PropertyOwner.Publish);

    /// <summary>
    /// The section about a property in a carrier, for example <c>§3.1.2.11.3</c>: it defines how often the property may appear, and with
    /// which values. The sections of PUBACK and SUBACK are also used for their siblings, whose sections say the same.
    /// </summary>
    public static string Section(PropertyOwner owner, PropertyId id) =>
        $"§{Carrier(owner)}.{Array.IndexOf(AllowedIn(owner), id) + FirstSection}";

    private static string Carrier(PropertyOwner owner) => owner switch
    {
        PropertyOwner.Connect => "3.1.2.11",
        PropertyOwner.Will => "3.1.3.2",
        PropertyOwner.ConnAck => "3.2.2.3",
        PropertyOwner.Publish => "3.3.2.3",
        PropertyOwner.Acknowledgement => "3.4.2.2",
        PropertyOwner.Subscribe => "3.8.2.1",
        PropertyOwner.SubscriptionAcknowledgement => "3.9.2.1",
        PropertyOwner.Unsubscribe => "3.10.2.1",
        PropertyOwner.Disconnect => "3.14.2.2",
        _ => "3.15.2.2",
    };

    /// <summary>The properties in the order of their sections.</summary>
    private static PropertyId[] AllowedIn(PropertyOwner owner) => owner switch
    {
        PropertyOwner.Connect =>
        [
            SessionExpiryInterval, ReceiveMaximum, MaximumPacketSize, TopicAliasMaximum, RequestResponseInformation,
            RequestProblemInformation, PropertyId.UserProperty, AuthenticationMethod, AuthenticationData,
        ],
        PropertyOwner.Will =>
        [
            WillDelayInterval, PayloadFormatIndicator, MessageExpiryInterval, ContentType, ResponseTopic, CorrelationData,
            PropertyId.UserProperty,
        ],
        PropertyOwner.ConnAck =>
        [
            SessionExpiryInterval, ReceiveMaximum, MaximumQoS, RetainAvailable, MaximumPacketSize, AssignedClientIdentifier,
            TopicAliasMaximum, ReasonString, PropertyId.UserProperty, WildcardSubscriptionAvailable, SubscriptionIdentifierAvailable,
            SharedSubscriptionAvailable, ServerKeepAlive, ResponseInformation, ServerReference, AuthenticationMethod, AuthenticationData,
        ],
        PropertyOwner.Publish =>
        [
            PayloadFormatIndicator, MessageExpiryInterval, TopicAlias, ResponseTopic, CorrelationData, PropertyId.UserProperty,
            SubscriptionIdentifier, ContentType,
        ],
        PropertyOwner.Acknowledgement or PropertyOwner.SubscriptionAcknowledgement => [ReasonString, PropertyId.UserProperty],
        PropertyOwner.Subscribe => [SubscriptionIdentifier, PropertyId.UserProperty],
        PropertyOwner.Unsubscribe => [PropertyId.UserProperty],
        PropertyOwner.Disconnect => [SessionExpiryInterval, ReasonString, PropertyId.UserProperty, ServerReference],
        _ => [AuthenticationMethod, AuthenticationData, ReasonString, PropertyId.UserProperty],
    };

    private static ulong Mask(PropertyId[] ids) => ids.Aggregate(0UL, (mask, id) => mask | (1UL << (int)id));
}
