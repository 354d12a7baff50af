using System.Globalization;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Results;

/// <summary>Compares what a subscriber received with what the plan expects.</summary>
internal static class Expectations
{
    /// <param name="subscriber">The subscriber.</param>
    /// <param name="seen">What it received.</param>
    /// <param name="missing">How many messages did not arrive at it, or at its share group.</param>
    /// <param name="publishersEnded">When the last publisher ended, from the test's start.</param>
    public static IReadOnlyList<ExpectationResult> Judge(
        PlanSubscriber subscriber, SubscriberCounts seen, long missing, TimeSpan publishersEnded)
    {
        var expect = subscriber.Expect;
        var results = new List<ExpectationResult>();
        if (expect.AtLeast is { } least)
        {
            results.Add(AtLeast(least, expect.Within, seen));
        }

        if (expect.NoCorruption)
        {
            results.Add(None("noCorruption", "damaged", seen.Corrupt));
        }

        if (!expect.AllowForeign)
        {
            results.Add(None("allowForeign", "foreign", seen.Foreign));
        }

        if (expect.NoDuplicates)
        {
            results.Add(None("noDuplicates", "duplicate", seen.Duplicates));
        }

        if (expect.OrderPerKey)
        {
            results.Add(None("orderPerKey", "out of order", seen.OutOfOrder));
        }

        if (expect.NoLoss)
        {
            results.Add(None("noLoss", "missing", missing));
        }

        if (expect.MaxGap is { } most)
        {
            var trailing = publishersEnded - (seen.Last ?? TimeSpan.Zero);
            var gap = trailing > seen.LongestGap ? trailing : seen.LongestGap;
            results.Add(new ExpectationResult(
                "maxGap", $"no gap longer than {DurationText.Seconds(most)}", $"the longest is {Seconds(gap)}", gap <= most));
        }

        return results;
    }

    private static ExpectationResult AtLeast(long least, TimeSpan? within, SubscriberCounts seen)
    {
        var satisfied = least == 0 ? TimeSpan.Zero : seen.Satisfied;
        var expected = Number(least) + (within is { } limit ? $" within {DurationText.Seconds(limit)}" : "");
        var saw = satisfied is { } at ? $"{Number(least)} after {Seconds(at)}" : Number(seen.Unique);
        return new ExpectationResult("atLeast", $"at least {expected}", saw, satisfied is { } when && !(when > within));
    }

    private static ExpectationResult None(string name, string kind, long seen) =>
        new(name, $"no message {kind}", seen == 0 ? "none" : Number(seen), seen == 0);

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
