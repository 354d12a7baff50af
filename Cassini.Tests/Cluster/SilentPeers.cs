using System.Collections.Immutable;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Sessions;

namespace Cassini.Tests.Cluster;

/// <summary>Other nodes that never say anything, and of which the test decides what this node knows.</summary>
internal sealed class SilentPeers : IPeers
{
    /// <summary>Who is not lost.</summary>
    public Func<ImmutableArray<string>> FindLive { get; set; } = static () => [];

    /// <summary>Whether everything that was kept for a peer was sent.</summary>
    public Func<string, bool> FindSettled { get; set; } = static _ => true;

    /// <summary>Called with each mark that is sent, and for whom it is.</summary>
    public Action<string, ulong> Marked { get; set; } = static (_, _) => { };

    /// <summary>How many pieces of sessions were sent.</summary>
    public int Pieces { get; private set; }

    /// <summary>What was said to one of them.</summary>
    public List<ControlMessage> Said { get; } = [];

    public ImmutableArray<string> Live => FindLive();

    public bool IsConnected => true;

    public int LargestPiece => 1_000;

    public bool HasJoined => true;

    public string? EpochOf(string node) => null;

    public ImmutableArray<ClientOwner> OwnersOf(ulong client) => [];

    public bool IsSought(ulong client) => false;

    public Task<bool> WhenJoinedAsync(CancellationToken cancellationToken) => Task.FromResult(true);

    public Task WhenKnownAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Supersede(ulong client)
    {
    }

    public bool IsSettled(string node) => FindSettled(node);

    public void Mark(string node, ulong mark, (ulong Client, string To)? leaving) => Marked(node, mark);

    public void TellAll(ControlMessage message)
    {
    }

    public void Tell(string node, ControlMessage message)
    {
        lock (Said)
        {
            Said.Add(message);
        }
    }

    public void SendPiece(string node, ReadOnlySpan<byte> piece)
    {
        lock (Said)
        {
            Pieces++;
        }
    }
}
