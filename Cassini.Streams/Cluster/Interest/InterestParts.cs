using System.Collections.Immutable;

namespace Cassini.Streams.Cluster.Interest;

/// <summary>Cuts what a node wants into messages that the bus takes, and puts them together again.</summary>
internal static class InterestParts
{
    /// <summary>Bytes of JSON for each filter beside its letters.</summary>
    private const int Overhead = 4;

    /// <summary>The letters of two numbers, a phase, and what is between them. None takes more than one byte.</summary>
    private const int LongestClaim = 16 + 16 + 3;

    /// <summary>The letters of the numbers of members and of their names. None takes more than one byte.</summary>
    private const int LongestCounts = 64;

    /// <summary>Cuts a change into parts.</summary>
    /// <param name="delta">The change.</param>
    /// <param name="most">The most letters of the filters of one part: of some a letter takes six bytes.</param>
    public static IReadOnlyList<InterestDelta> Cut(InterestDelta delta, int most)
    {
        var parts = new List<InterestDelta>();
        var (wanted, gone, length) = (ImmutableArray.CreateBuilder<WantedFilter>(), ImmutableArray.CreateBuilder<string>(), 0);
        var (claims, released) = (ImmutableArray.CreateBuilder<ClientClaim>(), ImmutableArray.CreateBuilder<ulong>());
        var shares = ImmutableArray.CreateBuilder<SharedFilter>();
        foreach (var one in delta.Wanted)
        {
            Take(one.Filter.Length);
            wanted.Add(one);
        }

        foreach (var filter in delta.Unwanted)
        {
            Take(filter.Length);
            gone.Add(filter);
        }

        foreach (var claim in delta.Claims)
        {
            Take(LongestClaim);
            claims.Add(claim);
        }

        foreach (var client in delta.Released)
        {
            Take(LongestClaim);
            released.Add(client);
        }

        foreach (var one in delta.Shares)
        {
            Take(one.Filter.Length + LongestCounts);
            shares.Add(one);
        }

        End();
        return parts;

        void Take(int letters)
        {
            if (length > 0 && length + letters + Overhead > most)
            {
                End();
            }

            length += letters + Overhead;
        }

        void End()
        {
            parts.Add(new InterestDelta(
                delta.From, delta.To, wanted.ToImmutable(), gone.ToImmutable(), claims.ToImmutable(), released.ToImmutable(),
                shares.ToImmutable()));
            wanted.Clear();
            gone.Clear();
            claims.Clear();
            released.Clear();
            shares.Clear();
            length = 0;
        }
    }
}
