using System.Globalization;

namespace Cassini.Streams.Cluster.Interest;

/// <summary>A node wants the session of a client, or has it.</summary>
/// <param name="Client">The client: a hash of its identifier.</param>
/// <param name="Stamp">When: of two claims the later one holds. Ticks of UTC, but later than any claim of this client before.</param>
/// <param name="Phase">How far it is.</param>
internal readonly record struct ClientClaim(ulong Client, long Stamp, ClaimPhase Phase)
{
    /// <summary>A stamp that is further ahead is that of a wrong clock or program: no later claim could hold against it.</summary>
    private static readonly TimeSpan MostAhead = TimeSpan.FromDays(1);

    /// <summary>What a node writes in the place of <see cref="ClaimPhase.Kept"/> when <see cref="HasBegunHere"/>.</summary>
    private const int KeptSinceItBegan = 3;

    /// <summary>A hash of the identity that the session belongs to; 0 when the node has none yet.</summary>
    public ulong Owner { get; init; }

    /// <summary>
    /// Whether the session, which outlives its connection, has begun on this node in this run of it: then no node has kept anything for it
    /// before.
    /// </summary>
    public bool HasBegunHere { get; init; }

    /// <summary>As nodes write it.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Client:x}.{Stamp:x}.{(HasBegunHere ? KeptSinceItBegan : (int)Phase)}.{Owner:x}");

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(string? text, out ClientClaim claim)
    {
        claim = default;
        if (text?.Split('.') is not [var client, var stamp, [>= '0' and <= '3' and var phase], var identity]
            || !ulong.TryParse(client, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hash)
            || !long.TryParse(stamp, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var ticks) || ticks < 0
            || !ulong.TryParse(identity, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var owner))
        {
            return false;
        }

        var hasBegunHere = phase - '0' == KeptSinceItBegan;
        claim = new ClientClaim(hash, ticks, hasBegunHere ? ClaimPhase.Kept : (ClaimPhase)(phase - '0'))
        {
            Owner = owner,
            HasBegunHere = hasBegunHere,
        };
        return true;
    }

    /// <summary>Whether a stamp can be true: it is at most a day ahead.</summary>
    /// <param name="stamp">The stamp.</param>
    /// <param name="now">The time of this node.</param>
    public static bool IsCredible(long stamp, DateTimeOffset now) => stamp <= (now + MostAhead).UtcTicks;

    /// <summary>Whether it holds against one of another node: the later one does, or the one whose node has the later name.</summary>
    public bool HoldsAgainst(ClientClaim other, string node, string otherNode) =>
        Stamp != other.Stamp ? Stamp > other.Stamp : string.CompareOrdinal(node, otherNode) > 0;
}

/// <summary>How far a node is with the session of a client.</summary>
internal enum ClaimPhase
{
    /// <summary>The client has connected, and the node asks the others for its session.</summary>
    Wanted = 0,

    /// <summary>The node has its session, which ends with its connection.</summary>
    Held = 1,

    /// <summary>The node has its session, which outlives its connection.</summary>
    Kept = 2,
}
