using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// One subscription with its options (MQTT 5.0 §3.8.3.1). Immutable, except for its number in the order and its index in the tree.
/// </summary>
internal sealed class Subscription(
    Subscriber subscriber, string filter, QualityOfService qos, bool noLocal, bool retainAsPublished, int[] identifiers) : IListed
{
    /// <summary>The number of a subscription that is not in the tree yet.</summary>
    public const long NoPlace = -1;

    public Subscriber Subscriber { get; } = subscriber;

    /// <summary>The filter that the client asked for, with <c>$share/NAME/</c> if it is shared.</summary>
    public string Filter { get; } = filter;

    /// <summary>Its filter if other clients may share it; null when it is the subscriber's alone.</summary>
    public string? Share => TopicFilter.IsShared(Filter) ? Filter : null;

    /// <summary>The highest quality of service that was granted.</summary>
    public QualityOfService QoS { get; } = qos;

    public bool NoLocal { get; } = noLocal;

    public bool RetainAsPublished { get; } = retainAsPublished;

    /// <summary>Subscription identifiers to send with each message.</summary>
    public int[] Identifiers { get; } = identifiers;

    /// <summary>
    /// The merged subscription for messages that the subscriber published itself, without those that exclude its own messages; this
    /// subscription when there is no difference; null when none remains [MQTT-3.8.3-3].
    /// </summary>
    public Subscription? ForOwnMessages { get; private init; } = null;

    /// <summary>About how much memory it takes with its nodes of the tree, in bytes.</summary>
    public int Cost => 400 + (3 * Filter.Length) + (120 * Filter.AsSpan().Count('/'));

    /// <summary>
    /// Its number in the order of retained messages and subscriptions: a retained message up to this number was published before the
    /// subscription. It is delivered as a retained message or not at all, even while it is still being delivered to subscribers.
    /// </summary>
    public long Place { get; set; } = NoPlace;

    /// <summary>What other nodes of a fleet were told of it; for who tells them.</summary>
    public int Announced { get; set; }

    /// <summary>Whether its subscriber keeps messages of QoS 1 and 2 for it while it cannot be reached. May change at any time.</summary>
    public bool IsKept => QoS != QualityOfService.AtMostOnce && Subscriber.KeepsMessages;

    /// <summary>Its index in the list of its node, or among the members of its shared subscription.</summary>
    public int Index { get; set; }

    /// <summary>The quality of service of a delivery: the lower of the granted and the published one (§3.8.4).</summary>
    public QualityOfService Lower(QualityOfService published) => published < QoS ? published : QoS;

    public Subscription? For(Subscriber? publisher) => NoLocal && ReferenceEquals(publisher, Subscriber) ? ForOwnMessages : this;

    /// <summary>
    /// One copy for several matching subscriptions of one subscriber, with the highest QoS [MQTT-3.3.4-2] and all identifiers
    /// [MQTT-3.3.4-3].
    /// </summary>
    /// <param name="all">At least one, each as its client asked for it.</param>
    public static Subscription Merge(ReadOnlySpan<Subscription> all)
    {
        var foreign = Sum(all);
        Subscription[] own = [.. all];
        var count = 0;
        foreach (var subscription in all)
        {
            if (!subscription.NoLocal)
            {
                own[count++] = subscription;
            }
        }

        return count == all.Length ? foreign : new Subscription(
            foreign.Subscriber, foreign.Filter, foreign.QoS, noLocal: true, foreign.RetainAsPublished, foreign.Identifiers)
        {
            ForOwnMessages = count == 0 ? null : Sum(own.AsSpan(0, count)),
            Place = foreign.Place,
        };
    }

    private static Subscription Sum(ReadOnlySpan<Subscription> all)
    {
        if (all is [{ NoLocal: false } only])
        {
            return only;
        }

        var (qos, retainAsPublished, place) = (QualityOfService.AtMostOnce, false, long.MaxValue);
        var identifiers = new List<int>(all.Length);
        foreach (var subscription in all)
        {
            qos = subscription.QoS > qos ? subscription.QoS : qos;
            retainAsPublished |= subscription.RetainAsPublished;
            place = Math.Min(place, subscription.Place);
            identifiers.AddRange(subscription.Identifiers);
        }

        return new Subscription(all[0].Subscriber, all[0].Filter, qos, noLocal: false, retainAsPublished, [.. identifiers])
        {
            Place = place,
        };
    }
}
