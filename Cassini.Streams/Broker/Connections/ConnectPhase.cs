using System.Security.Cryptography;
using Cassini.Streams.Broker.Access;
using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Connections;

/// <summary>From a CONNECT packet to a session, or to a refusal (MQTT 5.0 §3.1.4). Thread-safe.</summary>
/// <param name="options">The broker's options.</param>
/// <param name="access">Who may do what, by the rules in force.</param>
/// <param name="sessions">The sessions.</param>
/// <param name="store">Keeps wills, so that they are published when the broker ends without a word.</param>
/// <param name="intake">Whether the broker takes clients at all.</param>
/// <param name="publisher">Where wills are published.</param>
/// <param name="work">Runs what leaves much to do in pieces.</param>
/// <param name="pace">Slows down connections that fight for one client identifier.</param>
/// <param name="events">Where it reports which clients were refused.</param>
/// <param name="time">The one clock.</param>
/// <param name="handlers">Makes the handler of what an accepted client sends next.</param>
internal sealed class ConnectPhase(
    BrokerOptions options,
    AccessControl access,
    SessionTable sessions,
    IBrokerStore store,
    Intake intake,
    ServerPublisher publisher,
    IdentityWork work,
    TakeOverPace pace,
    BrokerEvents events,
    TimeProvider time,
    Func<ClientLink, Client, PacketHandler> handlers)
{
    /// <summary>The longest client identifier, in bytes: at least 23 must be taken [MQTT-3.1.3-5].</summary>
    private const int MaxClientId = 256;

    private const int CanaryMessages = 16;

    /// <summary>How long a client waits for the store before it is told to come later, when too much waits for the disk already.</summary>
    private static readonly TimeSpan StorePatience = TimeSpan.FromSeconds(5);

    /// <summary>Where a mosquitto bridge publishes whether it is up, as it comes.</summary>
    private const string BridgeStates = "$SYS/broker/connection/";

    /// <summary>From now on the client can be answered.</summary>
    public ClientLink Open(ClientConnection connection, ConnectPacket connect)
    {
        var keepAlive = KeepAliveOf(connect);
        return new ClientLink(
            connection, LimitsOf(connect, connection.Transport.IsProbe), keepAlive == 0 ? null : TimeSpan.FromSeconds(keepAlive), options,
            store.Durability, time);
    }

    /// <summary>Answers the packet.</summary>
    /// <param name="link">The connection.</param>
    /// <param name="connect">The packet.</param>
    /// <param name="ending">Cancelled when the connection must end.</param>
    /// <returns>The handler of what the client sends next; null when it was refused.</returns>
    public async Task<PacketHandler?> AnswerAsync(ClientLink link, ConnectPacket connect, CancellationToken ending)
    {
        SocketThread.Forbid();
        var transport = link.Connection.Transport;
        var (identity, isProbe) = (transport.Identity, transport.IsProbe);
        var clientId = connect.ClientId.Length > 0 ? connect.ClientId : NewClientId();
        if (!isProbe && (sessions.IsOpen(clientId, identity) || sessions.Fleet is not null) && !await pace.WaitAsync(clientId, ending))
        {
            return Refuse(link, ReasonCode.ServerBusy, "connections keep taking this client identifier from each other");
        }

        var rights = isProbe ? ClientRights.OfCanary() : new ClientRights(access, identity, clientId);
        if (Objection(connect, rights.Now, isProbe) is var (reason, detail))
        {
            return Refuse(link, reason, detail);
        }

        var expiry = ExpiryOf(connect, isProbe);
        if (ConnAckProperties(link, connect, clientId, expiry, rights.Now) is not { } properties)
        {
            return Refuse(link, ReasonCode.PacketTooLarge, "the client accepts no packet that is large enough for CONNACK");
        }

        if ((expiry > 0 || connect.Will is not null) && !await WaitForStoreAsync(ending))
        {
            return Refuse(link, ReasonCode.ServerBusy, "too much waits for the disk of the store");
        }

        var request = new AttachRequest(
            clientId,
            identity,
            connect.CleanStart,
            expiry,
            ConnAck(connect, properties, isPresent: false),
            ConnAck(connect, properties, isPresent: true));
        using var claim = isProbe || sessions.Fleet is not { } fleet ? null : await fleet.ClaimAsync(request, ending);
        if (claim is { IsGranted: false })
        {
            return Refuse(link, claim.Reason, claim.Detail);
        }

        var sendMaximum = Math.Min(connect.Properties.ReceiveMaximum ?? ushort.MaxValue, options.MaxInFlight);
        Durability.TakeNoted();
        var will = connect.Will is { } wanted && !TellsBridgeState(connect)
            ? HeldWill.TryMake(wanted, clientId, link.Connection.Memory, store)
            : null;
        if (will is null && connect.Will is not null && !TellsBridgeState(connect))
        {
            var memory = link.Connection.Memory;
            events.PublishReached(memory.NoteRefused(), () => memory.UseOfAll);
            return Refuse(link, ReasonCode.QuotaExceeded, "there is no memory for the will");
        }

        var attachment = new Attachment(link, link.Outbox, sendMaximum, will);
        var result = isProbe
            ? sessions.AttachProbe(attachment, request, transport.Events, link.Flushes)
            : sessions.Attach(attachment, request with { WasHere = claim is { WasHere: true } }, link.Flushes);
        if (result.Session is not { } session)
        {
            attachment.DiscardWill();
            return await RefuseAsync(link, result);
        }

        link.IsAccepted = true;
        var client = new Client(sessions, publisher, work, link, session, attachment, rights, connect);

        // Before anything that may wait for another thread.
        transport.Abandoned = client.LeaveAsync;
        try
        {
            session.SendBacklog(attachment, link.Flushes);
            await SettleAsync(result, transport.Account);
            if (result.Lost is { } lost)
            {
                // What the client sent there comes before what it sends here [MQTT-4.6.0-6].
                await lost.Connection.WhenOutOfBatchAsync().WaitAsync(ending);
            }

            if ((result.Lost is not null || claim is { IsTakeOver: true }) && pace.NoteTakeOver(clientId, identity) is { } contested)
            {
                events.Publish(contested);
            }

            return handlers(link, client);
        }
        catch (Exception failure)
        {
            // The session must not wait for a connection that nobody serves.
            await client.LeaveAsync(failure);
            throw;
        }
    }

    /// <summary>
    /// Waits until the store has room for the changes of one more client: each that comes and goes leaves some, for as long as the disk
    /// does not take them.
    /// </summary>
    /// <returns>False when it has none.</returns>
    private async Task<bool> WaitForStoreAsync(CancellationToken ending)
    {
        var room = store.Durability.Room;
        if (store.Durability.IsReached(room))
        {
            return true;
        }

        using var late = new CancellationTokenSource(StorePatience, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ending);
        await store.Durability.WhenReachedAsync(room, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return store.Durability.IsReached(room);
    }

    /// <summary>
    /// Publishes what became of the client's sessions, then displaces the connection that had one, and hands on what a session had not
    /// finished.
    /// </summary>
    private async Task SettleAsync(AttachResult result, Account account)
    {
        try
        {
            await result.History.PublishAsync();
        }
        finally
        {
            await DisplaceAsync(result, account);
            await sessions.HandOnAsync(result.End, account);
        }
    }

    /// <summary>Closes the connection that lost the session [MQTT-3.1.4-3], and publishes the wills that are due because of that.</summary>
    private async Task DisplaceAsync(AttachResult result, Account account)
    {
        if (result.Lost is { } lost)
        {
            var will = lost.TakeWillWhenDisplaced(ended: !result.IsPresent);
            lost.Connection.Close(new CloseOrder(ReasonCode.SessionTakenOver, CloseReason.TakenOver));
            await publisher.PublishAsync(will, account, result.IsPresent ? result.Session : null);
        }

        await publisher.PublishAsync(result.End.Will, account, publisher: null);
    }

    /// <summary>Refuses a client that got no session, after what that leaves to do for the session that it had before.</summary>
    private async Task<PacketHandler?> RefuseAsync(ClientLink link, AttachResult result)
    {
        await SettleAsync(result, link.Connection.Transport.Account);
        result.Failure?.Throw();
        if (result.Reached is { } reached)
        {
            link.Counters.AddSessionRefused();
            events.PublishReached(reached, () => sessions.Use);
        }

        return Refuse(link, result.Reason, result.Detail);
    }

    private PacketHandler? Refuse(ClientLink link, ReasonCode reason, string detail)
    {
        var transport = link.Connection.Transport;
        if (!transport.IsProbe)
        {
            var refused = new ClientRefused(link.Id, reason.ToString(), detail, transport.Identity, transport.RemoteAddress);
            events.PublishLimited(refused, transport.Identity, refused.Reason);
        }

        link.Refuse(reason, detail, CloseReason.Refused);
        return null;
    }

    private (ReasonCode Reason, string Detail)? Objection(ConnectPacket connect, ClientAccess rights, bool isProbe)
    {
        if (intake.IsClosed && !isProbe)
        {
            var reason = options.ServerReference is null ? ReasonCode.ServerUnavailable : ReasonCode.UseAnotherServer;
            return (reason, "the server is shutting down");
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

        if (connect.Will is not { } will || TellsBridgeState(connect))
        {
            return null;
        }

        var topic = MqttText.Encode(will.Topic);
        return TopicLimits.Problem(topic, options) is { } problem ? (ReasonCode.TopicNameInvalid, $"will topic: {problem}")
            : rights.MayPublish(topic) ? null
            : (ReasonCode.NotAuthorized, "the will's topic is not allowed");
    }

    /// <summary>
    /// Whether the will is the one by which other brokers tell, as they come, that their bridge is down. It would have to be published
    /// under the broker's own topics, so it is not; but the bridge must be served. Not every bridge is known as one.
    /// </summary>
    private static bool TellsBridgeState(ConnectPacket connect) =>
        connect.Will?.Topic.StartsWith(BridgeStates, StringComparison.Ordinal) is true;

    private OutboxLimits LimitsOf(ConnectPacket connect, bool isProbe) => new(
        connect.Version,
        (int)Math.Min(connect.Properties.MaximumPacketSize ?? int.MaxValue, int.MaxValue),
        Math.Min(connect.Properties.TopicAliasMaximum ?? 0, options.MaxOutgoingTopicAliases),
        isProbe ? CanaryMessages : options.MaxQueuedMessages,
        options.MaxQueuedBytes);

    private int KeepAliveOf(ConnectPacket connect)
    {
        var longest = (int)options.MaxKeepAlive.TotalSeconds;
        return longest == 0 || (connect.KeepAlive > 0 && connect.KeepAlive <= longest) ? connect.KeepAlive : longest;
    }

    private uint ExpiryOf(ConnectPacket connect, bool isProbe)
    {
        var most = (uint)options.MaxSessionExpiry.TotalSeconds;
        var asked = connect.Version == ProtocolVersion.V500 ? connect.Properties.SessionExpiryInterval ?? 0
            : connect.CleanStart ? 0
            : uint.MaxValue;
        return isProbe ? 0 : Math.Min(asked, most);
    }

    /// <summary>
    /// What CONNACK reports, as much of it as the client's maximum packet size allows [MQTT-3.1.2-24]. First left out is what the client
    /// need not know: without response information it chooses a topic itself, without a topic alias maximum it sets no alias, and what is
    /// larger than the maximum packet size is answered with that reason.
    /// </summary>
    /// <returns>Null when not even the rest is small enough.</returns>
    private PropertySet? ConnAckProperties(ClientLink link, ConnectPacket connect, string clientId, uint expiry, ClientAccess rights)
    {
        if (connect.Version < ProtocolVersion.V500)
        {
            return PropertySet.Empty;
        }

        var asked = connect.Properties;
        var keepAlive = KeepAliveOf(connect);
        var least = new PropertySet
        {
            SessionExpiryInterval = expiry == (asked.SessionExpiryInterval ?? 0) ? null : expiry,
            ReceiveMaximum = options.ReceiveMaximum == ushort.MaxValue ? null : (ushort)options.ReceiveMaximum,
            AssignedClientIdentifier = connect.ClientId.Length == 0 ? clientId : null,
            ServerKeepAlive = keepAlive == connect.KeepAlive ? null : (ushort)keepAlive,
        };
        var more = least with { MaximumPacketSize = (uint)options.MaxPacketSize };
        var most = more with { TopicAliasMaximum = options.MaxTopicAliases == 0 ? null : (ushort)options.MaxTopicAliases };
        var all = asked.RequestResponseInformation is true
            ? most with { ResponseInformation = ResponseInformation(clientId, rights) }
            : most;
        PropertySet[] candidates = [all, most, more, least];
        return candidates.FirstOrDefault(candidate => link.Accepts(ConnAck(connect, candidate, isPresent: false).Length));
    }

    private static byte[] ConnAck(ConnectPacket connect, PropertySet properties, bool isPresent) =>
        new ConnAckPacket(ReasonCode.Success, isPresent, properties).Write(connect.Version);

    /// <summary>A topic for answers to this client, if it may subscribe to it (§3.2.2.3.15).</summary>
    private static string? ResponseInformation(string clientId, ClientAccess rights)
    {
        var topic = $"response/{clientId}";
        return clientId.IndexOfAny(['/', '+', '#']) < 0 && rights.MaySubscribe(MqttText.Encode($"{topic}/#")) ? topic : null;
    }

    private static string NewClientId() => $"auto-{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
}
