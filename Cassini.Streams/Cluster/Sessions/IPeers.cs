using System.Collections.Immutable;
using Cassini.Streams.Cluster.Interest;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>The other nodes, for those who move sessions between them. Thread-safe.</summary>
internal interface IPeers
{
    /// <summary>The peers that are not lost.</summary>
    ImmutableArray<string> Live { get; }

    /// <summary>Whether they can be reached: the bus is connected.</summary>
    bool IsConnected { get; }

    /// <summary>How many bytes a piece of a session may have on the bus.</summary>
    int LargestPiece { get; }

    /// <summary>Whether this node knows what all live peers want, or has waited long enough for it.</summary>
    bool HasJoined { get; }

    /// <summary>The run of a peer; null when it is not known, or lost.</summary>
    string? EpochOf(string node);

    /// <summary>Who wants or has the session of a client, or kept it when it was lost.</summary>
    ImmutableArray<ClientOwner> OwnersOf(ulong client);

    /// <summary>Whether a client had a session on a node that was lost, and who of those that are there now has it is not known.</summary>
    bool IsSought(ulong client);

    /// <summary>
    /// Ends when this node has joined; at the latest after <see cref="ClusterOptions.TakeOverPatience"/>.
    /// </summary>
    /// <returns>Whether it has. One that has not knows neither who else has a session nor for whom a message is.</returns>
    Task<bool> WhenJoinedAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Ends when all live peers have said which sessions they have; at the latest after <see cref="ClusterOptions.SubscribePatience"/>.
    /// </summary>
    Task WhenKnownAsync(CancellationToken cancellationToken);

    /// <summary>A client has a later session here: those that lost peers keep do not count any more.</summary>
    void Supersede(ulong client);

    /// <summary>Whether a peer is there, and everything that was kept for it was sent.</summary>
    bool IsSettled(string node);

    /// <summary>
    /// Sends a mark to a peer, behind what was published for it. Not while it is lost, and while what was kept for it is still being sent:
    /// then it is asked for again.
    /// </summary>
    /// <param name="node">The peer.</param>
    /// <param name="mark">The number of the move.</param>
    /// <param name="leaving">The client whose session leaves the peer not without this mark, and where it goes; else null.</param>
    void Mark(string node, ulong mark, (ulong Client, string To)? leaving);

    /// <summary>Says something to all peers.</summary>
    void TellAll(ControlMessage message);

    /// <summary>Says something to a peer.</summary>
    void Tell(string node, ControlMessage message);

    /// <summary>Sends a piece of a session to a peer.</summary>
    void SendPiece(string node, ReadOnlySpan<byte> piece);
}

/// <summary>Who wants or has the session of a client.</summary>
/// <param name="Node">The node.</param>
/// <param name="Claim">What it has said.</param>
/// <param name="IsLive">Whether it is not lost.</param>
internal readonly record struct ClientOwner(string Node, ClientClaim Claim, bool IsLive);
