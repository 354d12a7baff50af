using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Routing;

/// <summary>A message that does not come from a connection.</summary>
internal sealed record ServerMessage
{
    /// <summary>The account of the identity that publishes it: whose work it is, and who pays for what is retained.</summary>
    public required Account Account { get; init; }

    /// <summary>A valid topic name.</summary>
    public required byte[] Topic { get; init; }

    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Encoded properties that are sent with the message, without their length.</summary>
    public byte[] Properties { get; init; } = [];

    /// <summary>Message expiry interval in seconds; null when it does not expire.</summary>
    public uint? Expiry { get; init; }

    public QualityOfService QoS { get; init; }

    public bool Retain { get; init; }

    /// <summary>The session that publishes it; null when there is none.</summary>
    public Subscriber? Publisher { get; init; }

    /// <param name="will">A will.</param>
    /// <param name="account">The account of its identity.</param>
    /// <param name="publisher">The session of the will; null when that session has ended.</param>
    public static ServerMessage Of(HeldWill will, Account account, Subscriber? publisher) => new()
    {
        Account = account,
        Topic = will.Topic,
        Payload = will.Payload,
        Properties = will.Properties,
        Expiry = will.Expiry,
        QoS = will.QoS,
        Retain = will.Retain,
        Publisher = publisher,
    };
}
