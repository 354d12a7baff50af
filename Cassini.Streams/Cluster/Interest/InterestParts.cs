using System.Collections.Immutable;

namespace Cassini.Streams.Cluster.Interest;

/// <summary>Cuts what a node wants into messages that the bus takes, and puts them together again.</summary>
internal static class InterestParts
{
    /// <summary>Bytes of JSON for each filter beside its letters.</summary>
    private const int Overhead = 4;

    /// <summary>The most bytes of JSON that a letter of a filter takes.</summary>
    private const int BytesOfALetter = 6;

    /// <summary>Eight bytes in base64.</summary>
    private const int BytesOfATopic = 11;

    /// <summary>The bytes of three numbers, a phase, and what is between them.</summary>
    private const int LongestClaim = 16 + 16 + 16 + 4;

    /// <summary>The bytes of the numbers of members and of their names.</summary>
    private const int LongestCounts = 64;

    /// <summary>Cuts a change into parts.</summary>
    /// <param name="delta">The change.</param>
    /// <param name="most">The most bytes of one part, but for what each part has.</param>
    public static IReadOnlyList<InterestDelta> Cut(InterestDelta delta, int most)
    {
        var parts = new List<InterestDelta>();
        var (wanted, gone, length) = (ImmutableArray.CreateBuilder<WantedFilter>(), ImmutableArray.CreateBuilder<string>(), 0);
        var (claims, released) = (ImmutableArray.CreateBuilder<ClientClaim>(), ImmutableArray.CreateBuilder<ulong>());
        var (topics, shares) = (ImmutableArray.CreateBuilder<WantedTopic>(), ImmutableArray.CreateBuilder<SharedFilter>());
        foreach (var one in delta.Wanted)
        {
            Take(one.Filter.Length * BytesOfALetter);
            wanted.Add(one);
        }

        foreach (var filter in delta.Unwanted)
        {
            Take(filter.Length * BytesOfALetter);
            gone.Add(filter);
        }

        foreach (var topic in delta.Topics)
        {
            Take(BytesOfATopic);
            topics.Add(topic);
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
            Take((one.Filter.Length * BytesOfALetter) + LongestCounts);
            shares.Add(one);
        }

        End();
        return parts;

        void Take(int bytes)
        {
            if (length > 0 && length + bytes + Overhead > most)
            {
                End();
            }

            length += bytes + Overhead;
        }

        void End()
        {
            parts.Add(new InterestDelta(
                delta.From, delta.To, wanted.ToImmutable(), gone.ToImmutable(), topics.ToImmutable(), claims.ToImmutable(),
                released.ToImmutable(), shares.ToImmutable()));
            wanted.Clear();
            gone.Clear();
            topics.Clear();
            claims.Clear();
            released.Clear();
            shares.Clear();
            length = 0;
        }
    }
}
