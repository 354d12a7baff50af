using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The retained messages that one subscription has still to get. It holds a place in the search for them and one message at most, not the
/// messages, however many match. Belongs to the session's lock.
/// </summary>
internal sealed class RetainedBurst(Subscription subscription, RetainedCursor search)
{
    /// <summary>How many nodes are looked at under one lock.</summary>
    private const int Steps = 64;

    private StoredMessage? _next;

    /// <summary>The numbers of messages that were sent before their turn: a few bytes each, which hold no message.</summary>
    private HashSet<long>? _sentAhead;

    /// <summary>The subscription, as its client asked for it last.</summary>
    public Subscription Subscription { get; set; } = subscription;

    /// <summary>Whether the SUBACK is sent: the messages come after it, except those that must come before newer ones.</summary>
    public bool IsStarted { get; set; }

    public bool IsAtEnd => _next is null && search.IsAtEnd;

    /// <summary>
    /// The next message to send, until <see cref="Take"/>. One that was replaced meanwhile is left out, because its publisher delivers the
    /// newer one, and does so after it has replaced this one and under the session's lock: so no older one comes after it.
    /// </summary>
    /// <param name="now">A timestamp.</param>
    /// <returns>Null at the end, and when it was not found with a bounded number of steps.</returns>
    public StoredMessage? Next(long now)
    {
        var steps = Steps;
        _next ??= search.Next(now, ref steps);
        while (_next is { } found && (!IsCurrent(found, now) || _sentAhead?.Remove(found.RetainedPlace) is true))
        {
            _next = search.Next(now, ref steps);
        }

        return _next;
    }

    /// <summary>The next message is sent.</summary>
    public void Take() => _next = null;

    /// <summary>The message of a topic, if it was not sent yet: it must be sent before a newer message of the topic.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="now">A timestamp.</param>
    /// <returns>Null when there is none.</returns>
    public StoredMessage? Ahead(Topic topic, long now)
    {
        var ahead = IsNext(topic) ? _next : search.Ahead(topic.Utf8, now);
        return ahead is not null && IsCurrent(ahead, now) && _sentAhead?.Contains(ahead.RetainedPlace) is not true ? ahead : null;
    }

    /// <summary>What <see cref="Ahead"/> returned is sent.</summary>
    public void TakeAhead(StoredMessage message)
    {
        if (ReferenceEquals(message, _next))
        {
            _next = null;
        }
        else
        {
            (_sentAhead ??= []).Add(message.RetainedPlace);
        }
    }

    private bool IsNext(Topic topic) => _next is { } next && next.Topic.Utf8.AsSpan().SequenceEqual(topic.Utf8);

    private static bool IsCurrent(StoredMessage message, long now) => message.IsRetained && !message.IsExpired(now);
}
