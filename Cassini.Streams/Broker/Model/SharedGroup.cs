namespace Cassini.Streams.Broker.Model;

/// <summary>
/// The members of one shared subscription (MQTT 5.0 §4.8.2): each message goes to one member, in turn. Written under the tree's lock,
/// read by any thread.
/// </summary>
internal sealed class SharedGroup(string name)
{
    private Subscription[] _members = [];
    private int _turn;

    public string Name { get; } = name;

    public ReadOnlySpan<Subscription> Members => Volatile.Read(ref _members);

    public bool IsEmpty => _members.Length == 0;

    public void Add(Subscription member) => Volatile.Write(ref _members, [.. _members, member]);

    public void Remove(Subscription member) => Volatile.Write(ref _members, [.. _members.Where(other => other != member)]);

    /// <summary>
    /// The member whose turn it is. A reachable member is preferred; when none is reachable, a member that keeps messages.
    /// </summary>
    public Subscription? Next()
    {
        var members = Volatile.Read(ref _members);
        Subscription? keeper = null;
        var turn = (uint)Interlocked.Increment(ref _turn);
        for (var i = 0u; i < members.Length; i++)
        {
            var member = members[(turn + i) % (uint)members.Length];
            if (member.Subscriber.IsReachable)
            {
                return member;
            }

            keeper ??= member.Subscriber.KeepsMessages ? member : null;
        }

        return keeper;
    }
}
