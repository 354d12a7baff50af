using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// The members of one shared subscription (MQTT 5.0 §4.8.2): each message goes to one member, in turn. The choice takes one step, however
/// many members there are and however many of them are away. In a fleet each other node that has members takes turns as well, as many as it
/// has members. Thread-safe; its lock is taken after those of a session and of the tree.
/// </summary>
/// <param name="name">Its name.</param>
/// <param name="filter">Its whole filter, <c>$share/NAME/FILTER</c>.</param>
/// <param name="interest">Hears how many members it has, under its lock; null for nobody.</param>
internal sealed class SharedGroup(string name, string filter = "", IInterest? interest = null) : IListed
{
    private readonly Lock _lock = new();

    /// <summary>First those that can be reached, then those that keep messages while they cannot, then the rest.</summary>
    private readonly List<Subscription> _members = [];

    private readonly WeightedTurns _turns = new();
    private Peer[] _peers = [];
    private Subscription? _keeper;
    private int _reachable;
    private int _lasting;
    private uint _turn;

    public string Name { get; } = name;

    /// <summary>The account of the identity that had its first member: it has the place. Null when it needs none.</summary>
    public Account? Payer { get; set; }

    /// <summary>Its filter, <c>$share/NAME/FILTER</c>.</summary>
    public string Filter { get; } = filter;

    /// <summary>Its index in the list of its node.</summary>
    public int Index { get; set; }

    /// <summary>Those of this node.</summary>
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

    /// <summary>Whether it has members on this node.</summary>
    public bool HasMembers
    {
        get
        {
            lock (_lock)
            {
                return _members.Count > 0;
            }
        }
    }

    /// <summary>Whether it has members nowhere.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _members.Count == 0 && _peers.Length == 0;
            }
        }
    }

    /// <summary>Who has its place gives it back, because there is no member on this node any more. Under the lock of the tree.</summary>
    public Account? TakePayer()
    {
        var payer = Payer;
        Payer = null;
        return payer;
    }

    /// <summary>Another node has members, or another number of them.</summary>
    /// <param name="peer">Stands for the other node; the same each time.</param>
    /// <param name="reachable">How many can be reached.</param>
    /// <param name="lasting">How many can be reached, or keep messages while they cannot; 0 when it has none any more.</param>
    /// <returns>Whether the group has the first of other nodes, or the last no more.</returns>
    public bool Put(Subscription peer, int reachable, int lasting)
    {
        lock (_lock)
        {
            var before = _peers.Length;
            var known = Array.FindIndex(_peers, one => one.Subscription == peer);
            if (lasting > 0 && known >= 0)
            {
                _peers[known] = new Peer(peer, reachable, lasting);
                return false;
            }

            _peers = [.. _peers.Where(one => one.Subscription != peer), .. lasting > 0 ? [new Peer(peer, reachable, lasting)] : (Peer[])[]];
            _turns.Restart(1 + _peers.Length);
            return (before == 0) != (_peers.Length == 0);
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
    /// The member whose turn it is, or the node that has it. A reachable member is preferred; when none is reachable on any node, a member
    /// that keeps messages.
    /// </summary>
    /// <param name="except">Stands for a node that has none; null for no such node.</param>
    public Subscription? Next(Subscriber? except = null)
    {
        lock (_lock)
        {
            if (_peers.Length == 0)
            {
                return NextOwnLocked();
            }

            Span<int> weights = stackalloc int[1 + _peers.Length];
            if (!TryWeighLocked(weights, except, ofReachable: true))
            {
                TryWeighLocked(weights, except, ofReachable: false);
            }

            return _turns.Next(weights) switch
            {
                < 0 => null,
                0 => NextOwnLocked(),
                var peer => _peers[peer - 1].Subscription,
            };
        }
    }

    /// <summary>The member of this node whose turn it is.</summary>
    public Subscription? NextOwn()
    {
        lock (_lock)
        {
            return NextOwnLocked();
        }
    }

    private Subscription? NextOwnLocked()
    {
        var candidates = _reachable > 0 ? _reachable : _lasting;
        return candidates > 0 ? _members[(int)(++_turn % (uint)candidates)] : null;
    }

    /// <returns>Whether there is any.</returns>
    private bool TryWeighLocked(Span<int> weights, Subscriber? except, bool ofReachable)
    {
        weights[0] = ofReachable ? _reachable : _lasting;
        var isAny = weights[0] > 0;
        for (var at = 0; at < _peers.Length; at++)
        {
            var (peer, reachable, lasting) = _peers[at];
            weights[at + 1] = peer.Subscriber == except || !peer.Subscriber.IsReachable ? 0 : ofReachable ? reachable : lasting;
            isAny |= weights[at + 1] > 0;
        }

        return isAny;
    }

    private void ReviewLocked(Subscription member)
    {
        var isReachable = member.Subscriber.IsReachable;
        MoveLocked(member, isReachable, isReachable || (member.Subscriber.KeepsMessages && !member.Subscriber.HasLeft));
    }

    private void MoveLocked(Subscription member, bool reachable, bool lasting)
    {
        var before = (_reachable, _lasting);
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

        if (interest is not null && before != (_reachable, _lasting))
        {
            interest.OnShareChanged(Filter, _reachable, _lasting);
        }
    }

    private void SwapLocked(int left, int right)
    {
        (_members[left], _members[right]) = (_members[right], _members[left]);
        _members[left].Index = left;
        _members[right].Index = right;
    }

    /// <summary>The members of another node.</summary>
    /// <param name="Subscription">Stands for them.</param>
    /// <param name="Reachable">How many can be reached.</param>
    /// <param name="Lasting">How many can be reached, or keep messages.</param>
    private readonly record struct Peer(Subscription Subscription, int Reachable, int Lasting);
}
