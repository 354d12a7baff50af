using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>The subscriptions that a topic matched. Each thread reuses its own, so that matching allocates only its result.</summary>
internal sealed class Matches
{
    [ThreadStatic]
    private static Matches? _ofThread;

    private readonly Dictionary<Subscriber, int> _places = [];

    public List<Subscription> Subscriptions { get; } = [];

    public List<SharedGroup> Groups { get; } = [];

    /// <summary>The calling thread's instance, emptied.</summary>
    public static Matches Rent()
    {
        var matches = _ofThread ??= new Matches();
        matches.Clear();
        return matches;
    }

    /// <summary>Gives up the references, and also the memory if it was much.</summary>
    public void Clear()
    {
        const int Large = 4096;
        if (Subscriptions.Capacity > Large)
        {
            Subscriptions.Clear();
            Subscriptions.TrimExcess();
            _places.TrimExcess();
        }

        Subscriptions.Clear();
        Groups.Clear();
    }

    /// <summary>One subscription for each subscriber.</summary>
    public Subscription[] Merge()
    {
        if (Subscriptions.Count <= 1)
        {
            return [.. Subscriptions];
        }

        var merged = new List<Subscription>(Subscriptions.Count);
        foreach (var subscription in Subscriptions)
        {
            if (_places.TryAdd(subscription.Subscriber, merged.Count))
            {
                merged.Add(subscription);
            }
            else
            {
                var place = _places[subscription.Subscriber];
                merged[place] = merged[place].Merge(subscription);
            }
        }

        _places.Clear();
        return [.. merged];
    }
}
