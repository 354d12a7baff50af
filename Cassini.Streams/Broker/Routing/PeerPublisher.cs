using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Routing;

/// <summary>Delivers the messages of other nodes to the subscribers of this one. Thread-safe.</summary>
/// <param name="accounts">
/// The accounts. A message is the broker's own work here, because its publisher has an account on the node that it is connected to; but
/// what is retained is paid for by the same identity on each node.
/// </param>
/// <param name="topics">The topics.</param>
/// <param name="retained">The retained messages.</param>
/// <param name="router">Delivers the messages.</param>
/// <param name="shares">Delivers those of shared subscriptions.</param>
/// <param name="time">The one clock.</param>
internal sealed class PeerPublisher(
    AccountTable accounts, TopicTable topics, RetainedMessages retained, Router router, ShareRouter shares, TimeProvider time)
{
    /// <summary>
    /// Delivers one message to all its subscribers; one of a shared subscription to a member of this node, or to another node, when there
    /// is none any more: then what this thread answers waits for that node (<see cref="AwaitList"/>).
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="flushes">Collects the outboxes that must be flushed.</param>
    /// <returns>The ticket with which everything that was stored of it is durable; 0 for nothing.</returns>
    public long Publish(in PeerMessage message, FlushSet flushes)
    {
        var before = Durability.TakeNoted();
        var account = Open(message);
        try
        {
            if (message.Change is { IsSilent: true })
            {
                Apply(message, account);
                return Durability.Noted;
            }

            var publication = ToPublication(message, account);
            if (message.Share is { } share)
            {
                shares.HandOn(ref publication, share, flushes);
                return Durability.Noted;
            }

            var progress = default(RouteProgress);
            for (var isDone = false; !isDone;)
            {
                var slice = new WorkSlice(time);
                isDone = router.Publish(ref publication, ref progress, ref slice, flushes);
            }

            return Durability.Noted;
        }
        finally
        {
            Close(account);
            Durability.TakeNoted();
            Durability.Note(before);
        }
    }

    /// <summary>Retains a message that another node has, and delivers it to nobody.</summary>
    /// <param name="message">The message, with its change.</param>
    public RetainedVerdict Retain(in PeerMessage message)
    {
        var before = Durability.TakeNoted();
        var account = Open(message);
        try
        {
            return Apply(message, account);
        }
        finally
        {
            Close(account);
            Durability.TakeNoted();
            Durability.Note(before);
        }
    }

    private RetainedVerdict Apply(in PeerMessage message, Account account)
    {
        var publication = ToPublication(message, account);
        return retained.Apply(publication.Store(time), account, message.Change!.Stamp, out _);
    }

    private Publication ToPublication(in PeerMessage message, Account account)
    {
        var now = time.GetTimestamp();
        long? deadline = message.Change?.ExpiresAt is { } utc
            ? now + (long)((utc - time.GetUtcNow().ToUnixTimeMilliseconds()) / 1_000.0 * time.TimestampFrequency)
            : null;
        return new Publication
        {
            Topic = topics.Get(message.Topic),
            Payload = message.Payload,
            Properties = message.Properties,
            Expiry = deadline is { } at
                ? (uint)Math.Clamp(Math.Ceiling(time.GetElapsedTime(now, at).TotalSeconds), 0, uint.MaxValue)
                : message.Expiry,
            Deadline = deadline,
            QoS = message.QoS,
            Retain = message.Retain,
            Change = message.Change,
            Account = account,
            Peer = message.Peer,
            Audience = message.Audience,
            Addressees = message.Addressees,
            Origin = message.Origin,
            Hops = message.Hops,
            ReceivedAt = now,
        };
    }

    private Account Open(in PeerMessage message) =>
        message.Change is { Identity: { Length: > 0 } identity } ? accounts.Open(identity) : accounts.OfBroker;

    private void Close(Account account)
    {
        if (account != accounts.OfBroker)
        {
            accounts.Close(account);
        }
    }
}

/// <summary>A message of another node, in its buffer.</summary>
internal ref struct PeerMessage
{
    /// <summary>The node that sent it.</summary>
    public required Subscriber Peer { get; init; }

    /// <summary>A valid topic name.</summary>
    public ReadOnlySpan<byte> Topic { get; init; }

    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>Encoded properties that travel with the message, without their length.</summary>
    public ReadOnlySpan<byte> Properties { get; init; }

    /// <summary>What is left of the message expiry interval, in seconds; null when it does not expire.</summary>
    public uint? Expiry { get; init; }

    public QualityOfService QoS { get; init; }

    /// <summary>Which subscribers it is for.</summary>
    public Audience Audience { get; init; }

    /// <summary>Which of these; null for all.</summary>
    public IAddressees? Addressees { get; set; }

    /// <summary>The filter of the shared subscription that it is for; null when it is for all others.</summary>
    public string? Share { get; init; }

    /// <summary>How often it was handed on.</summary>
    public byte Hops { get; init; }

    /// <summary>Its number in the fleet; 0 when it has none.</summary>
    public ulong Origin { get; init; }

    /// <summary>The RETAIN flag with which it was published.</summary>
    public bool Retain { get; init; }

    /// <summary>With what it is retained here too; null when it is not.</summary>
    public RetainedChange? Change { get; init; }
}
