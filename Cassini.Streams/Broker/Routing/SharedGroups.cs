using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>The shared subscriptions of one filter, by their share names. Written under the tree's lock; readers take none.</summary>
internal sealed class SharedGroups
{
    private readonly Dictionary<string, SharedGroup> _byName = new(StringComparer.Ordinal);
    private readonly NodeList<SharedGroup> _list = new();

    public bool IsEmpty => _byName.Count == 0;

    /// <summary>For the thread that changes the tree.</summary>
    public SharedGroup? Find(string name) => _byName.GetValueOrDefault(name);

    public void Add(SharedGroup group)
    {
        _byName.Add(group.Name, group);
        _list.Add(group);
    }

    public void Remove(SharedGroup group)
    {
        _byName.Remove(group.Name);
        _list.Remove(group);
    }

    /// <summary>Any thread.</summary>
    public void CopyTo(List<SharedGroup> matches) => _list.CopyTo(matches);
}
