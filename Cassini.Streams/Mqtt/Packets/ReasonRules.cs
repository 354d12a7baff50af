using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Mqtt.Packets;

/// <summary>The reasons and properties that each side may send in DISCONNECT (MQTT 5.0 §3.14) and AUTH (§3.15).</summary>
internal static class ReasonRules
{
    /// <summary>The violation in a packet that was read; null when there is none.</summary>
    public static ProtocolViolation? Check(PacketType type, ReasonCode reason, PropertySet properties, bool fromClient, bool isEmpty) =>
        type == PacketType.Auth ? CheckAuth(reason, properties, fromClient, isEmpty) : CheckDisconnect(reason, properties, fromClient);

    private static ProtocolViolation? CheckDisconnect(ReasonCode reason, PropertySet properties, bool fromClient)
    {
        if (!(fromClient ? IsClientsDisconnect(reason) : IsServersDisconnect(reason)))
        {
            return Foreign("MQTT-3.14.2-1", PacketType.Disconnect, reason, fromClient);
        }

        if (fromClient)
        {
            return properties.ServerReference is null
                ? null
                : ProtocolViolation.Error("§3.14.2.2.5", "a server reference in a client's DISCONNECT");
        }

        return properties.SessionExpiryInterval is null
            ? null
            : ProtocolViolation.Error("MQTT-3.14.2-2", "a session expiry interval in a server's DISCONNECT");
    }

    private static ProtocolViolation? CheckAuth(ReasonCode reason, PropertySet properties, bool fromClient, bool isEmpty)
    {
        var isAllowed = reason == ReasonCode.ContinueAuthentication
            || reason == (fromClient ? ReasonCode.ReAuthenticate : ReasonCode.Success);
        if (!isAllowed)
        {
            return Foreign("MQTT-3.15.2-1", PacketType.Auth, reason, fromClient);
        }

        // An AUTH without a body means success without properties (§3.15.2.1).
        return properties.AuthenticationMethod is null && !isEmpty
            ? ProtocolViolation.Error("§3.15.2.2.2", "AUTH without an authentication method")
            : null;
    }

    private static ProtocolViolation Foreign(string clause, PacketType type, ReasonCode reason, bool fromClient) =>
        ProtocolViolation.Malformed(
            clause, $"reason code 0x{(byte)reason:X2} does not belong into a {(fromClient ? "client" : "server")}'s {type}");

    /// <summary>The reasons of table 3-10 that a client may send.</summary>
    private static bool IsClientsDisconnect(ReasonCode reason) => reason is ReasonCode.DisconnectWithWill || IsAnyonesDisconnect(reason);

    /// <summary>The reasons of table 3-10 that a server may send.</summary>
    private static bool IsServersDisconnect(ReasonCode reason) => IsAnyonesDisconnect(reason) || reason
        is ReasonCode.NotAuthorized
        or ReasonCode.ServerBusy
        or ReasonCode.ServerShuttingDown
        or ReasonCode.KeepAliveTimeout
        or ReasonCode.SessionTakenOver
        or ReasonCode.TopicFilterInvalid
        or (>= ReasonCode.RetainNotSupported and <= ReasonCode.WildcardSubscriptionsNotSupported);

    private static bool IsAnyonesDisconnect(ReasonCode reason) => reason
        is ReasonCode.Success
        or (>= ReasonCode.UnspecifiedError and <= ReasonCode.ImplementationSpecificError)
        or ReasonCode.TopicNameInvalid
        or (>= ReasonCode.ReceiveMaximumExceeded and <= ReasonCode.PayloadFormatInvalid);
}
