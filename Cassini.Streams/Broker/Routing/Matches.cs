using System.Runtime.InteropServices;
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

    /// <summary>How many nodes of the tree were looked at.</summary>
    public int Visited { get; set; }

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
        var wasLarge = Subscriptions.Capacity > Large;
        Subscriptions.Clear();
        Groups.Clear();
        Visited = 0;
        if (wasLarge)
        {
            Subscriptions.TrimExcess();
            _places.TrimExcess();
        }

        if (Groups.Capacity > Large)
        {
            Groups.TrimExcess();
        }
    }

    /// <summary>One subscription for each subscriber. The cost grows with the number of matches, however many one subscriber has.</summary>
    public Subscription[] Merge()
    {
        if (Subscriptions.Count <= 1)
        {
            return [.. Subscriptions];
        }

        var merged = new List<Subscription>(Subscriptions.Count);
        Dictionary<int, List<Subscription>>? overlapping = null;
        foreach (var subscription in Subscriptions)
        {
            if (_places.TryAdd(subscription.Subscriber, merged.Count))
            {
                merged.Add(subscription);
                continue;
            }

            var place = _places[subscription.Subscriber];
            ref var all = ref CollectionsMarshal.GetValueRefOrAddDefault(overlapping ??= [], place, out _);
            (all ??= [merged[place]]).Add(subscription);
        }

        foreach (var (place, all) in overlapping ?? [])
        {
            merged[place] = Subscription.Merge(CollectionsMarshal.AsSpan(all));
        }

        _places.Clear();
        return [.. merged];
    }
}
