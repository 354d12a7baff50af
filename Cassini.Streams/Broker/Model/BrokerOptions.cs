using System.Collections.Immutable;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Broker.Model;

/// <summary>What clients may do, and how much of it. Every limit has a safe default.</summary>
public sealed record BrokerOptions
{
    /// <summary>
    /// Who may publish and subscribe to what: the first rule that fits decides, and what no rule fits is denied. An empty list denies
    /// everything.
    /// </summary>
    [Form("access rules")]
    public ImmutableArray<AccessRule> Access { get; init; } = AccessRule.Defaults;

    /// <summary>Sessions at once, open or kept.</summary>
    [Within(1)]
    public int MaxSessions { get; init; } = 100_000;

    /// <summary>
    /// The longest that a session is kept without a connection; a client that asks for more is told. MQTT 3.1.1 sessions without
    /// clean session are kept as long.
    /// </summary>
    [Within("0", "3650d")]
    public TimeSpan MaxSessionExpiry { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long a client may take from its handshake to a whole CONNECT.</summary>
    [Within("100ms", "10m")]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The longest keep alive: clients that ask for more, or for none, are told this one (MQTT 5.0 server keep alive), or held to
    /// it (3.1.1). 0 means as the client wishes.
    /// </summary>
    [Within("0", "65535s")]
    public TimeSpan MaxKeepAlive { get; init; } = TimeSpan.Zero;

    /// <summary>The largest packet that is read, with its header.</summary>
    [Within(1_024, 256 * 1024 * 1024, Unit = "bytes")]
    public int MaxPacketSize { get; init; } = 1024 * 1024;

    /// <summary>The longest topic or topic filter.</summary>
    [Within(1, 65_535, Unit = "bytes")]
    public int MaxTopicLength { get; init; } = 1024;

    /// <summary>The most levels of a topic or topic filter.</summary>
    [Within(1, 1_024)]
    public int MaxTopicLevels { get; init; } = 64;

    /// <summary>Topics that are listed, named in events and counted; messages of further ones are delivered all the same.</summary>
    [Within(1)]
    public int MaxTopics { get; init; } = 100_000;

    /// <summary>After this time without a message a topic is no longer listed.</summary>
    [Within("1s", "30d")]
    public TimeSpan TopicIdle { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Topics with a retained message, which may take half of <see cref="MemoryLimit"/>.</summary>
    [Within(0)]
    public int MaxRetained { get; init; } = 50_000;

    /// <summary>Subscriptions of one session.</summary>
    [Within(1)]
    public int MaxSubscriptions { get; init; } = 1_000;

    /// <summary>QoS 2 messages that a client may have in flight to the broker (receive maximum).</summary>
    [Within(1, 65_535)]
    public int ReceiveMaximum { get; init; } = 4_096;

    /// <summary>QoS 1 and 2 messages in flight to one client; a client may ask for fewer.</summary>
    [Within(1, 65_535)]
    public int MaxInFlight { get; init; } = 4_096;

    /// <summary>Messages that wait for one client.</summary>
    [Within(1)]
    public int MaxQueuedMessages { get; init; } = 65_536;

    /// <summary>What the messages that wait for one client may take.</summary>
    [Within(64 * 1024, Unit = "bytes")]
    public long MaxQueuedBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// What queued, retained and outgoing messages may take together. 0 means two fifths of the memory that the process may use. At
    /// the limit publishers are made to wait.
    /// </summary>
    [Within(0, Unit = "bytes")]
    public long MemoryLimit { get; init; }

    /// <summary>How long a publisher waits at <see cref="MemoryLimit"/> before its message is refused.</summary>
    [Within("0", "10m")]
    public TimeSpan MemoryPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Where clients of MQTT 5.0 are sent when this broker shuts down: <c>host</c>, <c>host:port</c>, or several with spaces between
    /// (§4.11). Without it they are told to go, and not where.
    /// </summary>
    public string? ServerReference { get; init; }

    /// <summary>Messages that one client may publish; a faster one is read more slowly. 0 means as fast as it can.</summary>
    [Within(0, Unit = "messages a second")]
    public int MaxPublishRate { get; init; }

    /// <summary>Topic aliases that a client may set.</summary>
    [Within(0, 65_535)]
    public int MaxTopicAliases { get; init; } = 64;

    /// <summary>Topic aliases that are used towards a client that understands them.</summary>
    [Within(0, 65_535)]
    public int MaxOutgoingTopicAliases { get; init; } = 16;

    /// <summary>How often the topics under <c>$SYS</c> are brought up to date.</summary>
    [Within("100ms", "1h")]
    public TimeSpan SysInterval { get; init; } = TimeSpan.FromSeconds(10);
}
