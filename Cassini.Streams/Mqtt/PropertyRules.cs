using static Cassini.Streams.Mqtt.PropertyId;

namespace Cassini.Streams.Mqtt;

/// <summary>Which property may be where (MQTT 5.0 table 2-4).</summary>
internal static class PropertyRules
{
    private static readonly ulong[] Allowed = [.. Enum.GetValues<PropertyOwner>().Select(owner => Mask(AllowedIn(owner)))];

    public static bool IsAllowed(PropertyOwner owner, int id) => id is > 0 and < 64 && (Allowed[(int)owner] & (1UL << id)) != 0;

    /// <summary>Whether a second one is no error.</summary>
    public static bool MayRepeat(PropertyOwner owner, PropertyId id) =>
        id == PropertyId.UserProperty || (id == SubscriptionIdentifier && owner == PropertyOwner.Publish);

    private static PropertyId[] AllowedIn(PropertyOwner owner) => owner switch
    {
        PropertyOwner.Connect =>
        [
            SessionExpiryInterval, ReceiveMaximum, MaximumPacketSize, TopicAliasMaximum, RequestResponseInformation,
            RequestProblemInformation, PropertyId.UserProperty, AuthenticationMethod, AuthenticationData,
        ],
        PropertyOwner.Will =>
        [
            WillDelayInterval, PayloadFormatIndicator, MessageExpiryInterval, ContentType, ResponseTopic, CorrelationData, PropertyId.UserProperty,
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
