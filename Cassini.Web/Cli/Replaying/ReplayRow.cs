using Cassini.Streams.Health.Records;

namespace Cassini.Web.Cli.Replaying;

/// <summary>One check at one instant: its recorded transition, and the one under the other policy. One of them may be missing.</summary>
internal sealed record ReplayRow(ReplayTransition? Then, ReplayTransition? Other)
{
    public ReplayTransition Either => Then ?? Other!;

    /// <summary>Whether both say the same of the check: messages may name other windows, and revisions count their own changes.</summary>
    public bool IsSame => Then?.Change is { } then && Other?.Change is { } other
        && (then.From, then.To, then.Reason) == (other.From, other.To, other.Reason);

    /// <summary>Pairs what one line of the record brought about under each policy, in the order of its times.</summary>
    public static IEnumerable<ReplayRow> Pair(IReadOnlyList<ReplayTransition> then, IReadOnlyList<ReplayTransition> other)
    {
        var unpaired = other.ToList();
        var rows = new List<ReplayRow>();
        foreach (var transition in then)
        {
            var twin = unpaired.FindIndex(
                candidate => candidate.Change.At == transition.Change.At && candidate.Change.Check == transition.Change.Check);
            rows.Add(new ReplayRow(transition, twin < 0 ? null : unpaired[twin]));
            if (twin >= 0)
            {
                unpaired.RemoveAt(twin);
            }
        }

        return rows.Concat(unpaired.Select(transition => new ReplayRow(null, transition))).OrderBy(row => row.Either.Change.At);
    }
}
