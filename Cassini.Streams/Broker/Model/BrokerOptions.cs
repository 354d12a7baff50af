using System.Collections.Immutable;

namespace Cassini.Streams.Broker.Model;

/// <summary>What clients may do, and how much of it. Every limit has a safe default.</summary>
public sealed record BrokerOptions
{
    /// <summary>
    /// Who may publish and subscribe to what: the first rule that fits decides, and what no rule fits is denied. Default:
    /// <see cref="AccessRule.Defaults"/>. An empty list denies everything.
    /// </summary>
    public ImmutableArray<AccessRule> Access { get; init; } = AccessRule.Defaults;

    /// <summary>Sessions at once, connected or kept. Default 100,000; at least 1.</summary>
    public int MaxSessions { get; init; } = 100_000;

    /// <summary>
    /// The longest that a session is kept without a connection; a client that asks for more is told. MQTT 3.1.1 sessions without
    /// clean session are kept as long. Default 7 days; 0 s … 10 years.
    /// </summary>
    public TimeSpan MaxSessionExpiry { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long a client may take from its handshake to a whole CONNECT. Default 10 s; 100 ms … 10 min.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The longest keep alive: clients that ask for more, or for none, are told this one (MQTT 5.0 server keep alive), or held to
    /// it (3.1.1). Default 0 s, which means as the client wishes; whole seconds, at most 65,535.
    /// </summary>
    public TimeSpan MaxKeepAlive { get; init; } = TimeSpan.Zero;

    /// <summary>The largest packet taken, in bytes with its header. Default 1 MiB; 1 KiB … 256 MiB.</summary>
    public int MaxPacketSize { get; init; } = 1024 * 1024;

    /// <summary>The longest topic or topic filter, in bytes. Default 1,024; 1 … 65,535.</summary>
    public int MaxTopicLength { get; init; } = 1024;

    /// <summary>The most levels of a topic or topic filter. Default 64; 1 … 1,024.</summary>
    public int MaxTopicLevels { get; init; } = 64;

    /// <summary>Topics that are listed, named in events and counted; messages of further ones are delivered all the same. Default 100,000; at least 1.</summary>
    public int MaxTopics { get; init; } = 100_000;

    /// <summary>After this time without a message a topic is no longer listed. Default 1 h; 1 s … 30 days.</summary>
    public TimeSpan TopicIdle { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Topics with a retained message, which may take half of <see cref="MemoryLimit"/>. Default 50,000; at least 0.</summary>
    public int MaxRetained { get; init; } = 50_000;

    /// <summary>Subscriptions of one session. Default 1,000; at least 1.</summary>
    public int MaxSubscriptions { get; init; } = 1_000;

    /// <summary>QoS 2 messages that a client may have under way to the broker (receive maximum). Default 4,096; 1 … 65,535.</summary>
    public int ReceiveMaximum { get; init; } = 4_096;

    /// <summary>QoS 1 and 2 messages under way to one client; a client may ask for fewer. Default 4,096; 1 … 65,535.</summary>
    public int MaxInFlight { get; init; } = 4_096;

    /// <summary>Messages that wait for one client. Default 65,536; at least 1.</summary>
    public int MaxQueuedMessages { get; init; } = 65_536;

    /// <summary>Bytes that wait for one client. Default 16 MiB; at least 64 KiB, and at least <see cref="MaxPacketSize"/>.</summary>
    public long MaxQueuedBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// What queued, retained and outgoing messages may take together, in bytes. Default 0: two fifths of the memory that the
    /// process may use. Else at least <see cref="MaxPacketSize"/>. At it publishers are made to wait.
    /// </summary>
    public long MemoryLimit { get; init; }

    /// <summary>
    /// How long a publisher waits at <see cref="MemoryLimit"/> before a message of it is refused. Default 5 s; 0 s … 10 min.
    /// </summary>
    public TimeSpan MemoryPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Where clients of MQTT 5.0 are sent when this broker shuts down: <c>host</c>, <c>host:port</c>, or several with spaces between
    /// (§4.11); at most 1,024 characters. Default null: they are told to go, and not where.
    /// </summary>
    public string? ServerReference { get; init; }

    /// <summary>Messages a second that one client may publish; a faster one is read more slowly. Default 0: as fast as it can.</summary>
    public int MaxPublishRate { get; init; }

    /// <summary>Topic aliases that a client may set. Default 64; 0 … 65,535.</summary>
    public int MaxTopicAliases { get; init; } = 64;

    /// <summary>Topic aliases that are used towards a client that understands them. Default 16; 0 … 65,535.</summary>
    public int MaxOutgoingTopicAliases { get; init; } = 16;

    /// <summary>How often the topics under <c>$SYS</c> are brought up to date. Default 10 s; 100 ms … 1 h.</summary>
    public TimeSpan SysInterval { get; init; } = TimeSpan.FromSeconds(10);
}
