using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// The members of one shared subscription (MQTT 5.0 §4.8.2): each message goes to one member, in turn. The choice takes one step, however
/// many members there are and however many of them are away. Thread-safe; its lock is taken after those of a session and of the tree.
/// </summary>
internal sealed class SharedGroup(string name) : IListed
{
    private readonly Lock _lock = new();

    /// <summary>First those that can be reached, then those that keep messages while they cannot, then the rest.</summary>
    private readonly List<Subscription> _members = [];

    private Subscription? _keeper;
    private int _reachable;
    private int _lasting;
    private uint _turn;

    public string Name { get; } = name;

    /// <summary>The account of the identity that had its first member: it has the place. Null when it needs none.</summary>
    public Account? Payer { get; set; }

    /// <summary>Its index in the list of its node.</summary>
    public int Index { get; set; }

    public Subscription[] Members
    {
        get
        {
            lock (_lock)
            {
                return [.. _members];
            }
        }
    }

    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _members.Count == 0;
            }
        }
    }

    /// <summary>Whether a member keeps messages of QoS 1 and 2. The one that was found last is looked at first.</summary>
    /// <param name="looks">Grows by the members that were looked at.</param>
    public bool HasKeeper(ref int looks)
    {
        lock (_lock)
        {
            looks++;
            if (_keeper is { IsKept: true })
            {
                return true;
            }

            looks += _members.Count;
            _keeper = _members.Find(member => member.IsKept);
            return _keeper is not null;
        }
    }

    public void Add(Subscription member)
    {
        lock (_lock)
        {
            member.Index = _members.Count;
            _members.Add(member);
            ReviewLocked(member);
        }
    }

    public void Remove(Subscription member)
    {
        lock (_lock)
        {
            MoveLocked(member, reachable: false, lasting: false);
            SwapLocked(member.Index, _members.Count - 1);
            _members.RemoveAt(_members.Count - 1);
            _keeper = _keeper == member ? null : _keeper;
        }
    }

    /// <summary>
    /// Whether a member can be reached, or whether it keeps messages, has changed. Not for one that was removed. Call it for one member by
    /// one thread at a time, with the change.
    /// </summary>
    public void Review(Subscription member)
    {
        lock (_lock)
        {
            ReviewLocked(member);
        }
    }

    /// <summary>
    /// The member whose turn it is. A reachable member is preferred; when none is reachable, a member that keeps messages.
    /// </summary>
    public Subscription? Next()
    {
        lock (_lock)
        {
            var candidates = _reachable > 0 ? _reachable : _lasting;
            return candidates > 0 ? _members[(int)(++_turn % (uint)candidates)] : null;
        }
    }

    private void ReviewLocked(Subscription member)
    {
        var isReachable = member.Subscriber.IsReachable;
        MoveLocked(member, isReachable, isReachable || member.Subscriber.KeepsMessages);
    }

    private void MoveLocked(Subscription member, bool reachable, bool lasting)
    {
        if (lasting && member.Index >= _lasting)
        {
            SwapLocked(member.Index, _lasting++);
        }

        if (reachable && member.Index >= _reachable)
        {
            SwapLocked(member.Index, _reachable++);
        }
        else if (!reachable && member.Index < _reachable)
        {
            SwapLocked(member.Index, --_reachable);
        }

        if (!lasting && member.Index < _lasting)
        {
            SwapLocked(member.Index, --_lasting);
        }
    }

    private void SwapLocked(int left, int right)
    {
        (_members[left], _members[right]) = (_members[right], _members[left]);
        _members[left].Index = left;
        _members[right].Index = right;
    }
}
