using System.Collections.Immutable;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Broker.Model;

/// <summary>What clients may do, and the limits of what they may use. Every limit has a safe default.</summary>
public sealed record BrokerOptions : IOptionsRecord
{
    /// <summary>
    /// Which client may publish and subscribe to which topics: the first rule that matches decides, and what no rule matches is denied.
    /// An empty list denies everything.
    /// </summary>
    [Form("access rules")]
    public ImmutableArray<AccessRule> Access { get; init; } = AccessRule.Defaults;

    /// <summary>Sessions at once, open or kept.</summary>
    [Within(1)]
    public int MaxSessions { get; init; } = 100_000;

    /// <summary>
    /// The longest time that a session is kept without a connection. A client that asks for more gets this value in its CONNACK. MQTT
    /// 3.1.1 sessions without clean session are kept for this time.
    /// </summary>
    [Within("0", "3650d")]
    public TimeSpan MaxSessionExpiry { get; init; } = TimeSpan.FromDays(7);

    /// <summary>
    /// The longest time that CONNECT waits while connections keep taking one client identifier from each other. The first few take-overs
    /// wait for nothing, and each further one longer, until there was a pause. 0 means that none waits.
    /// </summary>
    [Within("0", "1m")]
    public TimeSpan MaxTakeOverDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a client may take from its handshake to a complete CONNECT.</summary>
    [Within("100ms", "10m")]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The longest keep alive. A client that asks for more, or for none, must keep to this one: MQTT 5.0 clients receive it as server keep
    /// alive, and 3.1.1 clients do not learn of it. 0 means no limit.
    /// </summary>
    [Within("0", "65535s")]
    public TimeSpan MaxKeepAlive { get; init; } = TimeSpan.Zero;

    /// <summary>The largest packet that is read, with its header.</summary>
    [Within(1_024, 256 * 1024 * 1024, Unit = "bytes")]
    public int MaxPacketSize { get; init; } = 1024 * 1024;

    /// <summary>
    /// The largest CONNECT that is read, with its header, unless <see cref="MaxPacketSize"/> is less: it is read before the client has a
    /// session, and a will of the largest size that MQTT allows fits in.
    /// </summary>
    [Within(1_024, 1024 * 1024, Unit = "bytes")]
    public int MaxConnectSize { get; init; } = 256 * 1024;

    /// <summary>
    /// How long a packet may take from its first byte to its last, whatever the keep alive. One that is larger than 16 KiB for each second
    /// of it may take a second for each 16 KiB.
    /// </summary>
    [Within("1s", "1h")]
    public TimeSpan PacketTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest topic or topic filter.</summary>
    [Within(1, 65_535, Unit = "bytes")]
    public int MaxTopicLength { get; init; } = 1024;

    /// <summary>The most levels of a topic or topic filter.</summary>
    [Within(1, 1_024)]
    public int MaxTopicLevels { get; init; } = 64;

    /// <summary>Topics that are listed, named in events and counted. Messages to further topics are delivered too.</summary>
    [Within(1)]
    public int MaxTopics { get; init; } = 100_000;

    /// <summary>After this time without a message a topic is no longer listed.</summary>
    [Within("1s", "30d")]
    public TimeSpan TopicIdle { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Topics with a retained message, which may take half of <see cref="MemoryLimit"/>.</summary>
    [Within(0)]
    public int MaxRetained { get; init; } = 50_000;

    /// <summary>Subscriptions of one session, and filters in one packet: a packet with more ends the connection with 0x97.</summary>
    [Within(1)]
    public int MaxSubscriptions { get; init; } = 1_000;

    /// <summary>
    /// Shared subscriptions (<c>$share/NAME/FILTER</c>) of all sessions together. However many members one has, it counts once.
    /// </summary>
    [Within(1)]
    public int MaxSharedSubscriptions { get; init; } = 10_000;

    /// <summary>
    /// QoS 2 messages that a client may have in flight to the broker (receive maximum). MQTT 3.1.1 clients do not learn of it; the
    /// connection of one that has more ends.
    /// </summary>
    [Within(1, 65_535)]
    public int ReceiveMaximum { get; init; } = 4_096;

    /// <summary>QoS 1 and 2 messages in flight to one client; a client may ask for fewer.</summary>
    [Within(1, 65_535)]
    public int MaxInFlight { get; init; } = 4_096;

    /// <summary>Messages that wait for one client, in memory and on disk.</summary>
    [Within(1)]
    public int MaxQueuedMessages { get; init; } = 2_000_000;

    /// <summary>The memory that the messages that wait for one client may take.</summary>
    [Within(64 * 1024, Unit = "bytes")]
    public long MaxQueuedBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// The memory that the QoS 1 and 2 messages that wait for the client of a stored session take. What waits behind them is in the journal
    /// alone, and is read back as the client takes messages: about 13 bytes of memory for each.
    /// </summary>
    [Within(64 * 1024, Unit = "bytes")]
    public long MaxQueuedInMemory { get; init; } = 4 * 1024 * 1024;

    /// <summary>The bytes of the messages that may wait in the journal alone for one client. 0: none do.</summary>
    [Within(0, Unit = "bytes")]
    public long MaxQueuedOnDisk { get; init; } = 1_073_741_824;

    /// <summary>
    /// Those of <c>Listener:Endpoints</c> and <c>Listener:WebSocketEndpoints</c> whose clients are answered before what they sent is on
    /// disk, as at <c>Store:Level</c> Memory: what was acknowledged to them in the last moments may end with the process. All else is
    /// stored as ever, their sessions too.
    /// </summary>
    [Form("host:port")]
    public ImmutableArray<EndpointAddress> MemoryEndpoints { get; init; } = [];

    /// <summary>
    /// The memory that all messages may take together: payloads, buffers, each queued copy, subscriptions, and retained topics with their
    /// nodes. 0 means two fifths of the memory that the process may use. At the limit publishers must wait.
    /// </summary>
    [Within(0, Unit = "bytes")]
    public long MemoryLimit { get; init; }

    /// <summary>How long a publisher waits at <see cref="MemoryLimit"/> before its message is refused.</summary>
    [Within("0", "10m")]
    public TimeSpan MemoryPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The server that MQTT 5.0 clients should use when this broker shuts down: <c>host</c>, <c>host:port</c>, or several separated by
    /// spaces (§4.11). Without it their DISCONNECT names no other server.
    /// </summary>
    public string? ServerReference { get; init; }

    /// <summary>
    /// Messages that one client may publish. The broker reads more slowly from a client that is faster. 0 means no limit.
    /// </summary>
    [Within(0, Unit = "messages a second")]
    public int MaxPublishRate { get; init; }

    /// <summary>Topic aliases that a client may set.</summary>
    [Within(0, 65_535)]
    public int MaxTopicAliases { get; init; } = 64;

    /// <summary>Topic aliases that the broker may set for a client that accepts them.</summary>
    [Within(0, 65_535)]
    public int MaxOutgoingTopicAliases { get; init; } = 16;

    /// <summary>How often the topics under <c>$SYS</c> are updated.</summary>
    [Within("100ms", "1h")]
    public TimeSpan SysInterval { get; init; } = TimeSpan.FromSeconds(10);
}
