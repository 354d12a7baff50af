namespace Cassini.Streams.Broker.Model;

/// <summary>
/// Whose turn it is among parties of different weights. While weights stay, each has had its share after any number of turns, but for less
/// than one. For one thread at a time.
/// </summary>
/// <remarks>
/// As periodic tasks are scheduled: of those that have had no more than their share by now, the one whose next turn is due first.
/// </remarks>
internal sealed class WeightedTurns
{
    /// <summary>What rounding may add up to.</summary>
    private const double Almost = 1e-9;

    private double[] _owed = [];

    /// <summary>Begins anew, with other parties.</summary>
    public void Restart(int parties) => _owed = new double[parties];

    /// <summary>Takes a turn.</summary>
    /// <param name="weights">The weight of each party; who has 0 has no turn.</param>
    /// <returns>The index of the party; -1 when all weights are 0.</returns>
    public int Next(ReadOnlySpan<int> weights)
    {
        var total = 0L;
        foreach (var weight in weights)
        {
            total += weight;
        }

        var (next, due, isOwed) = (-1, double.MaxValue, false);
        for (var at = 0; at < weights.Length; at++)
        {
            if (weights[at] == 0)
            {
                continue;
            }

            var share = weights[at] / (double)total;
            var owed = _owed[at] += share;
            var isDue = (1 - owed) / share;

            // After weights have changed there may be none that is owed anything.
            if ((owed > Almost && !isOwed) || (owed > Almost == isOwed && isDue < due))
            {
                (next, due, isOwed) = (at, isDue, owed > Almost);
            }
        }

        if (next >= 0)
        {
            _owed[next]--;
        }

        return next;
    }
}
