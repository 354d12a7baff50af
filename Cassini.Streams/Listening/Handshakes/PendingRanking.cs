namespace Cassini.Streams.Listening.Handshakes;

/// <summary>
/// Ranks addresses by how many pending connections each has, in one list per count: an update is constant time however many addresses
/// there are, because a count changes by one at a time. Used only under the gate's lock.
/// </summary>
internal sealed class PendingRanking
{
    /// <summary>The addresses with as many pending connections as the index says; the first list stays empty.</summary>
    private readonly List<LinkedList<GateAddress>> _byCount = [new()];

    private int _most;

    /// <summary>
    /// The address with the most pending connections; of several, the one that reached that number first. Null when none is pending.
    /// </summary>
    public GateAddress? First => _byCount[_most].First?.Value;

    /// <summary>Ranks the address anew, after its count has changed.</summary>
    public void Update(GateAddress address)
    {
        var count = address.Pending;
        address.PendingNode.List?.Remove(address.PendingNode);
        if (count > 0)
        {
            while (_byCount.Count <= count)
            {
                _byCount.Add(new());
            }

            _byCount[count].AddLast(address.PendingNode);
            _most = Math.Max(_most, count);
        }

        while (_most > 0 && _byCount[_most].Count == 0)
        {
            _most--;
        }
    }
}
