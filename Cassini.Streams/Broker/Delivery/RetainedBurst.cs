using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// The retained messages that one subscription has still to get. It holds a place in the search for them and one message at most, not the
/// messages, however many match. Belongs to the session's lock.
/// </summary>
/// <param name="number">1, 2, 3 … in the order in which the bursts of its session were made.</param>
/// <param name="upTo">The last number that it includes, in the order of retained messages and subscriptions.</param>
/// <param name="subscription">The subscription.</param>
/// <param name="search">The search for its messages.</param>
/// <param name="settled">What its session sent before its turn.</param>
internal sealed class RetainedBurst(
    long number, long upTo, Subscription subscription, RetainedCursor search, SettledRetained settled)
{
    /// <summary>
    /// How many nodes are looked at for one message. If it is not found, what waits has its turn before the search goes on.
    /// </summary>
    private const int Steps = 16;

    private StoredMessage? _next;

    public long Number { get; } = number;

    public long UpTo { get; } = upTo;

    /// <summary>The subscription, as its client asked for it last.</summary>
    public Subscription Subscription { get; set; } = subscription;

    /// <summary>Whether the SUBACK is sent: the messages come after it, except those that must come before newer ones.</summary>
    public bool IsStarted { get; set; }

    /// <summary>About how much memory it takes, in bytes.</summary>
    public int Cost { get; } = 290 + (3 * subscription.Filter.Length) + (40 * subscription.Filter.AsSpan().Count('/'));

    public bool IsAtEnd => _next is null && search.IsAtEnd;

    /// <summary>
    /// The next message to send, until <see cref="Take"/>. One that was replaced meanwhile is left out, because its publisher delivers the
    /// newer one after it has replaced this one, and under the session's lock while there is a burst: so no older one comes after it.
    /// </summary>
    /// <param name="now">A timestamp.</param>
    /// <returns>Null at the end, and when it was not found with a bounded number of steps.</returns>
    public StoredMessage? Next(long now)
    {
        var steps = Steps;
        _next ??= search.Next(now, ref steps);
        while (_next is { } found && (!found.IsCurrent(now) || settled.Take(search.Found!, found, Number)))
        {
            _next = search.Next(now, ref steps);
        }

        return _next;
    }

    /// <summary>The next message is sent.</summary>
    public void Take() => _next = null;

    /// <summary>Whether it has still to send a message, if that was not sent before its turn.</summary>
    public bool Includes(RetainedNode node, StoredMessage message, long now) =>
        ReferenceEquals(message, _next) || search.IsAhead(node, message, now);

    /// <summary>A message is sent before its turn.</summary>
    public void TakeAhead(StoredMessage message) => _next = ReferenceEquals(message, _next) ? null : _next;
}
