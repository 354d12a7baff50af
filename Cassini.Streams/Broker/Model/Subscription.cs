using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// One subscription with its options (MQTT 5.0 §3.8.3.1). Immutable but for its place in the order and in the tree.
/// </summary>
internal sealed class Subscription(
    Subscriber subscriber, string filter, QualityOfService qos, bool noLocal, bool retainAsPublished, int[] identifiers)
{
    /// <summary>The place of a subscription that was not added to the tree yet.</summary>
    public const long NoPlace = -1;

    public Subscriber Subscriber { get; } = subscriber;

    /// <summary>As it was asked for, with <c>$share/NAME/</c> if it is shared.</summary>
    public string Filter { get; } = filter;

    /// <summary>The most that was granted.</summary>
    public QualityOfService QoS { get; } = qos;

    public bool NoLocal { get; } = noLocal;

    public bool RetainAsPublished { get; } = retainAsPublished;

    /// <summary>Subscription identifiers to send along.</summary>
    public int[] Identifiers { get; } = identifiers;

    /// <summary>
    /// What is left for messages that the subscriber published itself, when it has several subscriptions that match; itself when
    /// there is no difference; null when nothing is left [MQTT-3.8.3-3].
    /// </summary>
    public Subscription? ForOwnMessages { get; private init; } = null;

    /// <summary>What it takes in memory, in bytes, about: itself and its nodes of the tree.</summary>
    public int Cost => 400 + (3 * Filter.Length) + (120 * Filter.AsSpan().Count('/'));

    /// <summary>
    /// Its place in the order of retained messages and subscriptions: a retained message up to this place was published before the
    /// subscription. It is delivered as a retained message or not at all, even when it is still on its way to subscribers.
    /// </summary>
    public long Place { get; set; } = NoPlace;

    /// <summary>Where it stands in the list of its node.</summary>
    public int Index { get; set; }

    public Subscription? For(Subscriber? publisher) => NoLocal && ReferenceEquals(publisher, Subscriber) ? ForOwnMessages : this;

    /// <summary>
    /// One copy for several matching subscriptions of one subscriber, with the highest QoS [MQTT-3.3.4-2] and all identifiers
    /// [MQTT-3.3.4-3].
    /// </summary>
    public Subscription Merge(Subscription other)
    {
        var foreign = Sum(this, other);
        if (!NoLocal && !other.NoLocal)
        {
            return foreign;
        }

        var own = (For(Subscriber), other.For(Subscriber)) switch
        {
            ({ } left, { } right) => Sum(left, right),
            var (left, right) => left ?? right,
        };
        return new Subscription(Subscriber, foreign.Filter, foreign.QoS, noLocal: true, foreign.RetainAsPublished, foreign.Identifiers)
        {
            ForOwnMessages = own,
            Place = foreign.Place,
        };
    }

    private static Subscription Sum(Subscription left, Subscription right) => new(
        left.Subscriber,
        left.Filter,
        left.QoS > right.QoS ? left.QoS : right.QoS,
        noLocal: false,
        left.RetainAsPublished || right.RetainAsPublished,
        [.. left.Identifiers, .. right.Identifiers])
    {
        Place = Math.Min(left.Place, right.Place),
    };
}
