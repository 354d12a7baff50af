using System.Collections.Immutable;

namespace Cassini.Streams.Cluster.Interest;

/// <summary>Cuts what a node wants into messages that the bus takes, and puts them together again.</summary>
internal static class InterestParts
{
    /// <summary>Bytes of JSON for each filter beside its letters.</summary>
    private const int Overhead = 4;

    /// <summary>Cuts a change into parts.</summary>
    /// <param name="delta">The change.</param>
    /// <param name="most">The most letters of the filters of one part: of some a letter takes six bytes.</param>
    public static IReadOnlyList<InterestDelta> Cut(InterestDelta delta, int most)
    {
        var parts = new List<InterestDelta>();
        var (wanted, gone, length) = (ImmutableArray.CreateBuilder<WantedFilter>(), ImmutableArray.CreateBuilder<string>(), 0);
        foreach (var one in delta.Wanted)
        {
            Take(one.Filter);
            wanted.Add(one);
        }

        foreach (var filter in delta.Unwanted)
        {
            Take(filter);
            gone.Add(filter);
        }

        End();
        return parts;

        void Take(string filter)
        {
            if (length > 0 && length + filter.Length + Overhead > most)
            {
                End();
            }

            length += filter.Length + Overhead;
        }

        void End()
        {
            parts.Add(new InterestDelta(delta.From, delta.To, wanted.ToImmutable(), gone.ToImmutable()));
            wanted.Clear();
            gone.Clear();
            length = 0;
        }
    }
}
