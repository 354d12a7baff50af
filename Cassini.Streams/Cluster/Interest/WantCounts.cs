namespace Cassini.Streams.Cluster.Interest;

/// <summary>How many clients want something, and what of that the others were not told yet. For the lock of its owner.</summary>
/// <typeparam name="T">What is wanted: a filter, or the hash of a topic.</typeparam>
/// <param name="comparer">Compares them.</param>
internal sealed class WantCounts<T>(IEqualityComparer<T> comparer)
    where T : notnull
{
    private readonly Dictionary<T, (int Fast, int Sure, int Kept)> _counts = new(comparer);

    /// <summary>What is not told yet; null when it is wanted no more.</summary>
    private readonly Dictionary<T, FilterClass?> _untold = new(comparer);

    /// <summary>Everything that is wanted.</summary>
    public IEnumerable<(T Wanted, FilterClass Class)> All => _counts.Select(one => (one.Key, ClassOf(one.Value)!.Value));

    /// <summary>One more wants it, or one fewer.</summary>
    /// <returns>Whether others must know it.</returns>
    public bool Change(T wanted, FilterClass by, int count)
    {
        var before = _counts.GetValueOrDefault(wanted);
        var after = by switch
        {
            FilterClass.Fast => before with { Fast = before.Fast + count },
            FilterClass.Sure => before with { Sure = before.Sure + count },
            _ => before with { Kept = before.Kept + count },
        };
        var (classBefore, classAfter) = (ClassOf(before), ClassOf(after));
        if (classAfter is null)
        {
            _counts.Remove(wanted);
        }
        else
        {
            _counts[wanted] = after;
        }

        if (classBefore == classAfter)
        {
            return false;
        }

        _untold[wanted] = classAfter;
        return true;
    }

    /// <summary>What is not told yet, and counts as told from now on. Null is what is wanted no more.</summary>
    public List<(T Wanted, FilterClass? Class)> TakeUntold()
    {
        List<(T, FilterClass?)> untold = [.. _untold.Select(one => (one.Key, one.Value))];
        _untold.Clear();
        return untold;
    }

    private static FilterClass? ClassOf((int Fast, int Sure, int Kept) count) =>
        count.Kept > 0 ? FilterClass.Kept : count.Sure > 0 ? FilterClass.Sure : count.Fast > 0 ? FilterClass.Fast : null;
}
