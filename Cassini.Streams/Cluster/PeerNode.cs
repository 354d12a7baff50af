using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Cluster.Retained;

namespace Cassini.Streams.Cluster;

/// <summary>What this node has of a peer: the link in both directions, and what the peer wants. For the lock of its node.</summary>
internal sealed class PeerNode(
    string name, string epoch, ClusterPeer subscriber, PeerInterest interest, LinkReceiver receiver, RetainedSync retained)
{
    // All and changes come by different ways, and may come in turn.
    private readonly List<InterestTold> _partsOfAll = [];
    private readonly List<InterestTold> _partsOfChange = [];

    // Clients whose sessions leave it not without the mark of this node, and where they go.
    private readonly Dictionary<ulong, string> _leaving = [];

    public string Name => name;

    /// <summary>The run of its process.</summary>
    public string Epoch => epoch;

    /// <summary>What it is among the subscribers.</summary>
    public ClusterPeer Subscriber => subscriber;

    public LinkReceiver Receiver => receiver;

    /// <summary>What it wants.</summary>
    public PeerInterest Interest => interest;

    /// <summary>Whether it has said what it wants, which may be nothing.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>The version of this node's interest that it has confirmed.</summary>
    public long Confirmed { get; set; }

    /// <summary>The version that it has not confirmed in time, as reported; null when it has.</summary>
    public long? LagsBehind { get; set; }

    /// <summary>How many heartbeats in a row had a wrong clock.</summary>
    public int SkewedBeats { get; set; }

    /// <summary>When the first of these was heard: a timestamp.</summary>
    public long SkewedSince { get; set; }

    /// <summary>Whether its clock was reported as wrong.</summary>
    public bool IsSkewed { get; set; }

    /// <summary>Clients whose claims are not believed, because their stamps are too far ahead.</summary>
    public HashSet<ulong> Incredible { get; } = [];

    /// <summary>How far the stamp of the last of these is ahead.</summary>
    public TimeSpan ClaimSkew { get; set; }

    /// <summary>In what its settings differ, as reported.</summary>
    public string Differs { get; set; } = "";

    /// <summary>Messages that were dropped when it was looked at last.</summary>
    public long Dropped { get; set; }

    /// <summary>Whether it was reported that messages are dropped.</summary>
    public bool IsDropping { get; set; }

    /// <summary>Sessions that have come to it, and have still to get what is kept for another node.</summary>
    public List<MovedClients> Moved { get; } = [];

    /// <summary>On which link it takes what was kept, and as of which version of what it wants; null before it has said so.</summary>
    public (ulong Link, long Version)? QueueAwaited { get; set; }

    /// <summary>Whether it takes what was kept, on the link that it has, and what it wants since is known.</summary>
    public bool AwaitsQueue => QueueAwaited is var (on, version) && on == Subscriber.Link?.Number && Interest.Version >= version;

    /// <summary>The link on which it is being sent what was kept; null when it is not.</summary>
    public LinkSender? Draining { get; set; }

    /// <summary>Whether it was reported that it takes no messages.</summary>
    public bool IsStalled { get; set; }

    /// <summary>Compares with it what both retain.</summary>
    public RetainedSync Retained => retained;

    /// <summary>How many messages that it retains this node could not take, as reported.</summary>
    public long Missing { get; set; }

    /// <summary>Whether nothing is kept for it while it is gone, although it has sessions that outlive it: there is no place.</summary>
    public bool IsWithoutQueue { get; set; }

    /// <summary>How many messages for its sessions were not kept, as reported; null when all are.</summary>
    public long? NotKept { get; set; }

    /// <summary>When that was reported last: a timestamp.</summary>
    public long NotKeptSaidAt { get; set; }

    /// <summary>Since when it is gone: a timestamp.</summary>
    public long GoneSince { get; private set; }

    /// <summary>When its link was opened last: a timestamp.</summary>
    public long OpenedAt { get; set; }

    /// <summary>See <see cref="Standing.Term"/>.</summary>
    public long Term { get; set; }

    /// <summary>Whether it knows of the term, so that what it sends is taken.</summary>
    public bool IsCounted { get; set; } = true;

    /// <summary>The term of this node, as it said, with which its link was renewed last; 0 for none.</summary>
    public long TermHeeded { get; set; }

    /// <summary>When it said last that it does not count this node: a timestamp; null for never.</summary>
    public long? LeftOutAt { get; set; }

    /// <summary>Ends the subscription to its frames.</summary>
    public IDisposable? Frames { get; set; }

    /// <summary>Time has passed: what is under way and was not acknowledged is sent again, and what both retain is compared.</summary>
    public void Look()
    {
        if (Subscriber.Link is { } link)
        {
            link.Look(isBack: false);
            Receiver.Look();
            Retained.Look();
        }
    }

    /// <summary>It is gone: when it is back it says anew what it wants.</summary>
    public void Lose(long now) => (IsKnown, GoneSince) = (false, now);

    /// <summary>A session leaves it for another node, and not without the mark of this node, which was sent.</summary>
    public void NoteMarked(ulong client, string to) => _leaving[client] = to;

    /// <summary>Whether a session has not left it for another node without the mark of this node.</summary>
    public bool NeedsMark(ulong client, string to) => _leaving.GetValueOrDefault(client) == to;

    /// <summary>A session that has left it has come to another node.</summary>
    public void NoteLeft(ulong client) => _leaving.Remove(client);

    /// <summary>Nothing of this run is taken any more.</summary>
    public void End()
    {
        Receiver.End();
        Frames?.Dispose();
        Retained.Dispose();
    }

    /// <summary>Takes a part of what it wants.</summary>
    /// <param name="told">The part.</param>
    /// <param name="whole">Called with all of it before anything of it holds.</param>
    /// <returns>Null when more parts are to come; else whether it could be taken: all must be asked for otherwise.</returns>
    public bool? Take(InterestTold told, Action<InterestDelta> whole)
    {
        var parts = told.From == 0 ? _partsOfAll : _partsOfChange;
        if (told.Part == 0)
        {
            parts.Clear();
        }

        if (told.Part != parts.Count || (parts.Count > 0 && (parts[0].From, parts[0].To) != (told.From, told.To)))
        {
            parts.Clear();
            return false;
        }

        parts.Add(told);
        if (parts.Count < told.Parts)
        {
            return null;
        }

        var delta = new InterestDelta(
            told.From, told.To, [.. parts.SelectMany(part => part.Wanted)], [.. parts.SelectMany(part => part.Gone)],
            [.. parts.SelectMany(part => part.WantedTopics)], [.. parts.SelectMany(part => part.ClientClaims)],
            [.. parts.SelectMany(part => part.ClientsReleased)], [.. parts.SelectMany(part => part.SharedFilters)]);
        parts.Clear();
        whole(delta);
        var isApplied = Interest.TryApply(delta);
        IsKnown |= isApplied;
        return isApplied;
    }
}
