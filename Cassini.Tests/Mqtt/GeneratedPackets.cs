using System.Collections.Immutable;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using CsCheck;

namespace Cassini.Tests.Mqtt;

/// <summary>Valid packets of every type, as objects and as bytes.</summary>
internal static class GeneratedPackets
{
    public static readonly Gen<ProtocolVersion> Version = Gen.OneOf(ProtocolVersion.V310, ProtocolVersion.V311, ProtocolVersion.V500);

    /// <summary>
    /// Well-formed text without U+0000: ASCII, two to four bytes, a byte order mark, control characters, all in any place.
    /// </summary>
    public static readonly Gen<string> Text =
        Gen.OneOf(
            "a", "Z", "0", " ", "/", "+", "#", "$", "é", "\u20AC", "\U0001F600",
            "\uFEFF", "\u0001", "\uFFFF", "$share/g/", new string('x', 200))
            .Array[0, 6].Select(parts => string.Concat(parts));

    public static readonly Gen<string> Topic = Text.Select(text => text.Replace('+', 'p').Replace('#', 's'))
        .Select(text => text.Length == 0 ? "t" : text);

    /// <summary>Text that lacks nothing to be a topic filter; its wildcards may be in the wrong place.</summary>
    public static readonly Gen<string> Filter =
        Text.Select(text => TopicFilter.Lack(MqttText.Encode(text)) is null ? text : $"t{text}");

    public static readonly Gen<ImmutableArray<byte>> Bytes =
        Gen.OneOf(Gen.Byte.Array[0, 20], Gen.Byte.Array[120, 140]).Select(bytes => bytes.ToImmutableArray());

    public static readonly Gen<ushort> PacketId = Gen.Int[1, ushort.MaxValue].Select(id => (ushort)id);

    public static readonly Gen<QualityOfService> QoS =
        Gen.OneOf(QualityOfService.AtMostOnce, QualityOfService.AtLeastOnce, QualityOfService.ExactlyOnce);

    /// <summary>From 1 on, of every length.</summary>
    public static readonly Gen<int> SubscriptionIdentifier =
        Gen.OneOf(Gen.Int[1, 127], Gen.Int[128, 16_383], Gen.Int[16_384, 2_097_151], Gen.Int[2_097_152, VariableByteInteger.Max]);

    public static readonly Gen<ConnAckPacket> ConnAck =
        Gen.Select(
            AnyReason(), Gen.Bool, Properties(PropertyOwner.ConnAck),
            (reason, present, properties) => new ConnAckPacket(reason, present, properties));

    public static readonly Gen<AckPacket> Ack = Gen.Select(
        Gen.OneOf(PacketType.PubAck, PacketType.PubRec, PacketType.PubRel, PacketType.PubComp),
        PacketId,
        Gen.OneOf(
            ReasonCode.Success, ReasonCode.NoMatchingSubscribers, ReasonCode.UnspecifiedError, ReasonCode.ImplementationSpecificError,
            ReasonCode.NotAuthorized, ReasonCode.TopicNameInvalid, ReasonCode.PacketIdentifierInUse, ReasonCode.QuotaExceeded,
            ReasonCode.PayloadFormatInvalid),
        (type, id, reason) => new AckPacket(
            type,
            id,
            type is PacketType.PubAck or PacketType.PubRec || reason == ReasonCode.Success ? reason : ReasonCode.PacketIdentifierNotFound));

    public static Gen<PropertySet> Properties(PropertyOwner owner, params PropertyId[] without)
    {
        var properties = Gen.Const(() => new PropertySet());
        foreach (var id in Enum.GetValues<PropertyId>().Where(id => PropertyRules.IsAllowed(owner, (int)id) && !without.Contains(id)))
        {
            var part = Part(owner, id);
            properties = Gen.Select(properties, Gen.Int[0, 2], part, (set, dice, apply) => dice == 0 ? apply(set) : set);
        }

        return Gen.Select(Gen.Int[0, 3], properties, (dice, set) => dice == 0 ? PropertySet.Empty : WithMethod(set));
    }

    public static Gen<PropertySet> Properties(PropertyOwner owner, ProtocolVersion version) =>
        version < ProtocolVersion.V500 ? Gen.Const(PropertySet.Empty) : Properties(owner);

    public static Gen<ConnectPacket> Connect(ProtocolVersion version) => Gen.Select(
        Gen.Select(Text, Gen.Bool, Gen.UShort),
        Gen.Select(Gen.Int[0, 1], Will(version)),
        Gen.Select(Gen.Int[0, 1], Text),
        Gen.Select(Gen.Int[0, 1], Bytes),
        Properties(PropertyOwner.Connect, version),
        (head, will, user, password, properties) => new ConnectPacket
        {
            Version = version,
            ClientId = version == ProtocolVersion.V310 && head.Item1.Length == 0 ? "c" : head.Item1,
            CleanStart = head.Item2 || head.Item1.Length == 0,
            KeepAlive = head.Item3,
            Will = will.Item1 == 0 ? null : will.Item2,
            UserName = user.Item1 == 0 && (version == ProtocolVersion.V500 || password.Item1 == 0) ? null : user.Item2,
            Password = password.Item1 == 0 ? null : password.Item2,
            Properties = properties,
        });

    public static Gen<SubscribePacket> Subscribe(ProtocolVersion version) => Gen.Select(
        PacketId,
        Request(version).Array[1, 5],
        Properties(PropertyOwner.Subscribe, version),
        (id, requests, properties) => new SubscribePacket(id, [.. requests], properties));

    public static Gen<UnsubscribePacket> Unsubscribe(ProtocolVersion version) => Gen.Select(
        PacketId,
        Filter.Array[1, 5],
        Properties(PropertyOwner.Unsubscribe, version),
        (id, filters, properties) => new UnsubscribePacket(id, [.. filters], properties));

    /// <summary>SUBACK and UNSUBACK; 3.1.1 has four codes for the one and none for the other.</summary>
    public static Gen<SubAckPacket> SubAck(ProtocolVersion version) => Gen.Select(
        Gen.OneOf(PacketType.SubAck, PacketType.UnsubAck),
        PacketId,
        (version == ProtocolVersion.V500
            ? AnyReason()
            : Gen.OneOf(ReasonCode.Success, ReasonCode.GrantedQoS1, ReasonCode.GrantedQoS2, ReasonCode.UnspecifiedError)).Array[1, 5],
        Properties(PropertyOwner.SubscriptionAcknowledgement, version),
        (type, id, reasons, properties) => new SubAckPacket(
            type, id, version < ProtocolVersion.V500 && type == PacketType.UnsubAck ? [] : [.. reasons], properties));

    public static Gen<ReasonPacket> Disconnect(ProtocolVersion version, bool fromClient) => version < ProtocolVersion.V500
        ? Gen.Const(new ReasonPacket(PacketType.Disconnect, ReasonCode.Success, PropertySet.Empty))
        : Gen.Select(
            Gen.OneOf(
                [.. (fromClient ? ReasonTables.ClientsDisconnect : ReasonTables.ServersDisconnect).Select(value => (ReasonCode)value)]),
            Properties(PropertyOwner.Disconnect, fromClient ? PropertyId.ServerReference : PropertyId.SessionExpiryInterval),
            (reason, properties) => new ReasonPacket(PacketType.Disconnect, reason, properties));

    public static Gen<ReasonPacket> Auth(bool fromClient) => Gen.Select(
        Gen.OneOf(ReasonCode.ContinueAuthentication, fromClient ? ReasonCode.ReAuthenticate : ReasonCode.Success),
        Text,
        Properties(PropertyOwner.Auth),
        (reason, method, properties) => new ReasonPacket(PacketType.Auth, reason, properties with { AuthenticationMethod = method }));

    public static Gen<PublishSpec> Publish(ProtocolVersion version, bool fromClient) => Gen.Select(
        Gen.Select(Topic, Bytes, QoS, Gen.Bool, Gen.Bool, PacketId),
        Gen.Select(Gen.Int[0, 2], Gen.UInt, Gen.Int[0, 2], PacketId, Gen.Bool),
        SubscriptionIdentifier.Array[0, 3],
        Properties(PropertyOwner.Publish, PropertyId.SubscriptionIdentifier, PropertyId.TopicAlias, PropertyId.MessageExpiryInterval),
        (message, hop, identifiers, properties) =>
        {
            var isV5 = version == ProtocolVersion.V500;
            var alias = isV5 && hop.Item3 == 0 ? hop.Item4 : (ushort)0;
            return new PublishSpec
            {
                Topic = alias != 0 && hop.Item5 ? "" : message.Item1,
                Payload = message.Item2,
                QoS = message.Item3,
                Retain = message.Item4,
                Dup = message.Item5 && message.Item3 != QualityOfService.AtMostOnce,
                PacketId = message.Item3 == QualityOfService.AtMostOnce ? (ushort)0 : message.Item6,
                MessageExpiryInterval = isV5 && hop.Item1 == 0 ? hop.Item2 : null,
                TopicAlias = alias,
                SubscriptionIdentifiers = isV5 && !fromClient ? [.. identifiers] : [],
                Properties = isV5 ? properties : PropertySet.Empty,
            };
        });

    /// <summary>The bytes of any packet that this side may send.</summary>
    public static Gen<byte[]> Packet(ProtocolVersion version, bool fromClient)
    {
        var ack = Ack.Select(packet => packet with { Reason = version < ProtocolVersion.V500 ? ReasonCode.Success : packet.Reason })
            .Select(packet =>
        {
            var to = new byte[AckPacket.MaxSize];
            return to[..packet.Write(to, version)];
        });
        var publish = Publish(version, fromClient).Select(spec => spec.Write(version));
        var disconnect = Disconnect(version, fromClient).Select(packet => packet.Write(version));
        Gen<byte[]>[] both = version == ProtocolVersion.V500
            ? [publish, publish, ack, disconnect, Auth(fromClient).Select(packet => packet.Write(version))]
            : [publish, publish, ack, disconnect];
        return fromClient
            ? Gen.OneOf([
                .. both,
                Connect(version).Select(ConnectWriter.Write),
                Subscribe(version).Select(packet => packet.Write(version)),
                Unsubscribe(version).Select(packet => packet.Write(version)),
                Gen.Const(() => Notation.Bytes("C0 []")),
            ])
            : Gen.OneOf([
                .. both,
                ConnAck.Select(packet => packet.Write(version)),
                SubAck(version).Select(packet => packet.Write(version)),
                Gen.Const(() => Notation.Bytes("D0 []")),
            ]);
    }

    private static Gen<ReasonCode> AnyReason() => Gen.OneOf(Enum.GetValues<ReasonCode>());

    private static Gen<WillMessage> Will(ProtocolVersion version) => Gen.Select(
        Topic, Bytes, QoS, Gen.Bool, Properties(PropertyOwner.Will, version),
        (topic, payload, qos, retain, properties) => new WillMessage(topic, payload, qos, retain, properties));

    private static Gen<SubscriptionRequest> Request(ProtocolVersion version) => Gen.Select(
        Filter, QoS, Gen.Bool, Gen.Bool, Gen.Int[0, 2],
        (filter, qos, noLocal, asPublished, handling) => version < ProtocolVersion.V500
            ? new SubscriptionRequest(filter, qos, false, false, RetainHandling.Send)
            : new SubscriptionRequest(
                filter, qos, noLocal && !filter.StartsWith("$share/", StringComparison.Ordinal), asPublished, (RetainHandling)handling));

    /// <summary>Authentication data needs a method.</summary>
    private static PropertySet WithMethod(PropertySet set) =>
        set is { AuthenticationData: not null, AuthenticationMethod: null } ? set with { AuthenticationMethod = "m" } : set;

    private static Gen<Func<PropertySet, PropertySet>> Part(PropertyOwner owner, PropertyId id) => id switch
    {
        PropertyId.PayloadFormatIndicator =>
            Apply(Gen.Bool, (set, value) => set with { PayloadFormatIndicator = value ? (byte)1 : (byte)0 }),
        PropertyId.MessageExpiryInterval => Apply(Gen.UInt, (set, value) => set with { MessageExpiryInterval = value }),
        PropertyId.ContentType => Apply(Text, (set, value) => set with { ContentType = value }),
        PropertyId.ResponseTopic => Apply(Topic, (set, value) => set with { ResponseTopic = value }),
        PropertyId.CorrelationData => Apply(Bytes, (set, value) => set with { CorrelationData = value }),
        PropertyId.SubscriptionIdentifier => Apply(
            SubscriptionIdentifier.Array[1, owner == PropertyOwner.Publish ? 3 : 1],
            (set, value) => set with { SubscriptionIdentifiers = [.. value] }),
        PropertyId.SessionExpiryInterval => Apply(Gen.UInt, (set, value) => set with { SessionExpiryInterval = value }),
        PropertyId.AssignedClientIdentifier => Apply(Text, (set, value) => set with { AssignedClientIdentifier = value }),
        PropertyId.ServerKeepAlive => Apply(Gen.UShort, (set, value) => set with { ServerKeepAlive = value }),
        PropertyId.AuthenticationMethod => Apply(Text, (set, value) => set with { AuthenticationMethod = value }),
        PropertyId.AuthenticationData => Apply(Bytes, (set, value) => set with { AuthenticationData = value }),
        PropertyId.RequestProblemInformation => Apply(Gen.Bool, (set, value) => set with { RequestProblemInformation = value }),
        PropertyId.WillDelayInterval => Apply(Gen.UInt, (set, value) => set with { WillDelayInterval = value }),
        PropertyId.RequestResponseInformation => Apply(Gen.Bool, (set, value) => set with { RequestResponseInformation = value }),
        PropertyId.ResponseInformation => Apply(Text, (set, value) => set with { ResponseInformation = value }),
        PropertyId.ServerReference => Apply(Text, (set, value) => set with { ServerReference = value }),
        PropertyId.ReasonString => Apply(Text, (set, value) => set with { ReasonString = value }),
        PropertyId.ReceiveMaximum => Apply(PacketId, (set, value) => set with { ReceiveMaximum = value }),
        PropertyId.TopicAliasMaximum => Apply(Gen.UShort, (set, value) => set with { TopicAliasMaximum = value }),
        PropertyId.TopicAlias => Apply(PacketId, (set, value) => set with { TopicAlias = value }),
        PropertyId.MaximumQoS => Apply(Gen.Bool, (set, value) => set with { MaximumQoS = value ? (byte)1 : (byte)0 }),
        PropertyId.RetainAvailable => Apply(Gen.Bool, (set, value) => set with { RetainAvailable = value }),
        PropertyId.UserProperty => Apply(
            Gen.Select(Text, Text, (name, value) => new UserProperty(name, value)).Array[1, 4],
            (set, value) => set with { UserProperties = [.. value] }),
        PropertyId.MaximumPacketSize => Apply(Gen.UInt[1, uint.MaxValue], (set, value) => set with { MaximumPacketSize = value }),
        PropertyId.WildcardSubscriptionAvailable => Apply(Gen.Bool, (set, value) => set with { WildcardSubscriptionAvailable = value }),
        PropertyId.SubscriptionIdentifierAvailable => Apply(Gen.Bool, (set, value) => set with { SubscriptionIdentifierAvailable = value }),
        _ => Apply(Gen.Bool, (set, value) => set with { SharedSubscriptionAvailable = value }),
    };

    private static Gen<Func<PropertySet, PropertySet>> Apply<T>(Gen<T> values, Func<PropertySet, T, PropertySet> with) =>
        values.Select(value => new Func<PropertySet, PropertySet>(set => with(set, value)));
}
