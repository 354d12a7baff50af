using System.Security.Cryptography;
using Cassini.Streams.Broker.Access;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Broker.Connections;

/// <summary>From a CONNECT packet to a session, or to a refusal (MQTT 5.0 §3.1.4).</summary>
internal sealed class ConnectPhase(
    BrokerOptions options,
    AccessTable access,
    SessionTable sessions,
    Intake intake,
    ServerPublisher publisher,
    BrokerEvents events,
    BrokerCounters counters,
    ClientConnection connection)
{
    /// <summary>The longest client identifier, in bytes: at least 23 must be taken [MQTT-3.1.3-5].</summary>
    private const int MaxClientId = 256;

    private const int CanaryMessages = 16;

    private string Identity => connection.Transport.Identity;

    private bool IsProbe => connection.Transport.IsProbe;

    /// <summary>Answers the packet.</summary>
    /// <returns>The client; null when it was refused.</returns>
    public async Task<Client?> RunAsync(ConnectPacket connect)
    {
        var keepAlive = KeepAliveOf(connect);
        connection.Open(
            LimitsOf(connect),
            Math.Min(connect.Properties.ReceiveMaximum ?? ushort.MaxValue, options.MaxInFlight),
            keepAlive == 0 ? null : TimeSpan.FromSeconds(keepAlive) * 1.5);
        var clientId = connect.ClientId.Length > 0 ? connect.ClientId : NewClientId();
        var rights = IsProbe ? ClientAccess.OfCanary : access.Of(Identity, clientId);
        if (Objection(connect, rights) is var (reason, detail))
        {
            return Refuse(reason, detail);
        }

        var expiry = ExpiryOf(connect);
        var request = new AttachRequest(
            clientId, Identity, connect.CleanStart, expiry, present => ConnAck(connect, clientId, keepAlive, expiry, rights, present));
        var result = IsProbe ? AttachCanary(request) : sessions.Attach(connection, request);
        if (result.Session is { } attached)
        {
            connection.Client = new Client(sessions, counters, publisher, connection, attached, rights, connect);
        }

        await PublishAsync(result, clientId, connect.Version);
        result.Lost?.LoseSession(ended: !result.IsPresent);
        publisher.Publish(result.End.Will, publisher: null);
        if (result.Session is not { } session || connection.Client is not { } client)
        {
            return Refuse(result.Reason, result.Detail);
        }

        // Whoever took the session in between found no client, and so no will.
        Interlocked.MemoryBarrier();
        if (session.Connection != connection)
        {
            connection.LoseSession(session.IsEnded);
        }

        return client;
    }

    /// <summary>Publishes what became of the session that its client had before, and then that its own is open.</summary>
    private async ValueTask PublishAsync(AttachResult result, string clientId, ProtocolVersion version)
    {
        var closed = result.Lost is { } lost
            ? lost.SessionClosed(clientId, lost.Transport.Settle(CloseReason.TakenOver), isKept: result.IsPresent)
            : null;
        if (result.End is { Ended: true, Turn: { } end })
        {
            counters.AddEnded(result.EndReason);
            await end.PublishAsync(events, closed, new SessionEnded(clientId, result.EndReason));
            closed = null;
        }

        if (result.Turn is { } opened)
        {
            await opened.PublishAsync(
                connection.Transport.Events,
                closed,
                new SessionOpened(connection.Id, clientId, Identity, version == ProtocolVersion.V500 ? "MQTT 5.0" : "MQTT 3.1.1", result.IsPresent));
        }
    }

    private Client? Refuse(ReasonCode reason, string detail)
    {
        if (!IsProbe)
        {
            events.PublishLimited(new ClientRefused(connection.Id, reason.ToString(), detail));
        }

        connection.Refuse(reason, detail, CloseReason.Refused);
        return null;
    }

    private (ReasonCode Reason, string Detail)? Objection(ConnectPacket connect, ClientAccess rights)
    {
        if (intake.IsClosed && !IsProbe)
        {
            return (options.ServerReference is null ? ReasonCode.ServerUnavailable : ReasonCode.UseAnotherServer, "the server is shutting down");
        }

        if (connect.Properties.AuthenticationMethod is not null)
        {
            // [MQTT-4.12.0-1]
            return (ReasonCode.BadAuthenticationMethod, "no authentication method is supported: the client certificate says who you are");
        }

        if (MqttText.Encode(connect.ClientId).Length > MaxClientId || connect.ClientId.Any(char.IsControl))
        {
            return (ReasonCode.ClientIdentifierNotValid, $"a client identifier has at most {MaxClientId} bytes and no control characters");
        }

        if (connect.Will is not { } will)
        {
            return null;
        }

        var topic = MqttText.Encode(will.Topic);
        return TopicLimits.Problem(topic, options) is { } problem ? (ReasonCode.TopicNameInvalid, $"will topic: {problem}")
            : rights.MayPublish(topic) ? null
            : (ReasonCode.NotAuthorized, "the will's topic is not allowed");
    }

    private OutboxLimits LimitsOf(ConnectPacket connect) => new(
        connect.Version,
        (int)Math.Min(connect.Properties.MaximumPacketSize ?? int.MaxValue, int.MaxValue),
        Math.Min(connect.Properties.TopicAliasMaximum ?? 0, options.MaxOutgoingTopicAliases),
        IsProbe ? CanaryMessages : options.MaxQueuedMessages,
        options.MaxQueuedBytes);

    private int KeepAliveOf(ConnectPacket connect)
    {
        var longest = (int)options.MaxKeepAlive.TotalSeconds;
        return longest == 0 || (connect.KeepAlive > 0 && connect.KeepAlive <= longest) ? connect.KeepAlive : longest;
    }

    private uint ExpiryOf(ConnectPacket connect)
    {
        var most = (uint)options.MaxSessionExpiry.TotalSeconds;
        var asked = connect.Version == ProtocolVersion.V500 ? connect.Properties.SessionExpiryInterval ?? 0
            : connect.CleanStart ? 0
            : uint.MaxValue;
        return IsProbe ? 0 : Math.Min(asked, most);
    }

    private AttachResult AttachCanary(AttachRequest request)
    {
        var session = sessions.Make(request.ClientId, Identity, isListed: false);
        var turn = session.TryAttach(connection, 0, request.ConnAck(false), out _);
        return new AttachResult(session, turn, false, null, SessionEnd.None, default, default, "");
    }

    private byte[] ConnAck(ConnectPacket connect, string clientId, int keepAlive, uint expiry, ClientAccess rights, bool isPresent)
    {
        if (connect.Version == ProtocolVersion.V311)
        {
            return new ConnAckPacket(ReasonCode.Success, isPresent, PropertySet.Empty).Write(connect.Version);
        }

        var asked = connect.Properties;
        var properties = new PropertySet
        {
            SessionExpiryInterval = expiry == (asked.SessionExpiryInterval ?? 0) ? null : expiry,
            ReceiveMaximum = options.ReceiveMaximum == ushort.MaxValue ? null : (ushort)options.ReceiveMaximum,
            MaximumPacketSize = (uint)options.MaxPacketSize,
            AssignedClientIdentifier = connect.ClientId.Length == 0 ? clientId : null,
            TopicAliasMaximum = options.MaxTopicAliases == 0 ? null : (ushort)options.MaxTopicAliases,
            ServerKeepAlive = keepAlive == connect.KeepAlive ? null : (ushort)keepAlive,
            ResponseInformation = asked.RequestResponseInformation is true ? ResponseInformation(clientId, rights) : null,
        };
        return new ConnAckPacket(ReasonCode.Success, isPresent, properties).Write(connect.Version);
    }

    /// <summary>Where this client may let others answer to, if it may subscribe there (§3.2.2.3.15).</summary>
    private static string? ResponseInformation(string clientId, ClientAccess rights)
    {
        var topic = $"response/{clientId}";
        return clientId.IndexOfAny(['/', '+', '#']) < 0 && rights.MaySubscribe(MqttText.Encode($"{topic}/#")) ? topic : null;
    }

    private static string NewClientId() => $"auto-{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
}
