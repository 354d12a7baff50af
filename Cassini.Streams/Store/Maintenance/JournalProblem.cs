using System.Globalization;
using Cassini.Streams.Primitives;
using Cassini.Streams.Store.Ledgers;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>Something that is wrong with a journal.</summary>
/// <param name="Text">What, without a full stop.</param>
internal sealed record JournalProblem(string Text)
{
    /// <summary>The first group that cannot be used; null when it is not about groups.</summary>
    public long? First { get; init; }

    /// <summary>The last one.</summary>
    public long? Last { get; init; }

    /// <summary>When it was written as it says itself, if that is possible; UTC.</summary>
    public DateTimeOffset? WrittenAt { get; init; }

    /// <summary>When the last readable group before it was written; UTC.</summary>
    public DateTimeOffset? After { get; init; }

    /// <summary>When the first readable group behind it was written; UTC.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>What it is about, as far as that is known.</summary>
    public GroupTrace Trace { get; init; } = GroupTrace.None;

    /// <summary>Whether a newer version wrote it, so that nothing is damaged.</summary>
    public bool IsNewer { get; init; }

    /// <summary>A group that cannot be read.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="group">Its bytes.</param>
    /// <param name="wrong">What is wrong with it.</param>
    /// <param name="replay">What was read before it.</param>
    public static JournalProblem Of(long number, ReadOnlySpan<byte> group, JournalFormatException wrong, JournalReplay replay)
    {
        var own = group.Length < GroupFormat.HeaderSize ? DateTimeOffset.MinValue : GroupFormat.TimeOf(group);
        var isPossible = own > DateTimeOffset.UnixEpoch && own >= (replay.LastWrittenAt ?? own) && own <= replay.Now;
        return new JournalProblem(wrong.Message)
        {
            First = number,
            Last = number,
            WrittenAt = isPossible ? own : null,
            After = replay.LastWrittenAt,
            Trace = wrong.IsNewer ? GroupTrace.None : GroupTrace.Of(group, replay.ClientIdOf),
            IsNewer = wrong.IsNewer,
        };
    }

    /// <summary>Applies the next group of a journal that must be whole.</summary>
    /// <exception cref="LedgerDamagedException">It cannot be read: the message says when it was written and what it is about.</exception>
    public static void ThrowIfUnreadable(JournalReplay replay, LedgerGroup group)
    {
        try
        {
            replay.Apply(group.Number, group.Bytes.Span);
        }
        catch (JournalFormatException wrong)
        {
            var problem = Of(group.Number, group.Bytes.Span, wrong, replay);
            throw new LedgerDamagedException(problem.ToText(replay.Now), wrong) { IsForeign = wrong.IsNewer };
        }
    }

    /// <summary>Sentences for people. Safe for a terminal.</summary>
    /// <param name="now">For ages, UTC.</param>
    public string ToText(DateTimeOffset now)
    {
        var what = (First, Last) switch
        {
            (null, _) => Text,
            ({ } first, long.MaxValue) => $"group {Number(first)} and those behind it: {Text}",
            ({ } first, { } last) when first != last => $"groups {Number(first)} to {Number(last)}: {Text}",
            ({ } first, _) => $"group {Number(first)}: {Text}",
        };
        return $"{what.TrimEnd('.')}.{Time(now)}{Trace}";
    }

    private string Time(DateTimeOffset now) => (WrittenAt, After, Before) switch
    {
        ({ } at, _, _) => $" It says that it was written at {Of(at, now)}.",
        (_, { } after, { } before) => $" Written between {Of(after, now)} and {Of(before, now)}.",
        (_, { } after, _) => $" Written after {Of(after, now)}.",
        (_, _, { } before) => $" Written before {Of(before, now)}.",
        _ => "",
    };

    private static string Of(DateTimeOffset at, DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"{at.UtcDateTime:u} ({DurationText.About(now - at)} ago)");

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
