using System.Globalization;
using Cassini.Load;

namespace Cassini.Bystander.Watch;

/// <summary>What was measured of one attack, as a row in Markdown. What misses the goal is bold.</summary>
internal sealed record Row
{
    public const string Heading =
        "| attack | p50, p99, max ms | lost | refused | newcomers' worst, ms | failed | /livez p99, max ms | not 200 | /readyz not 200 "
        + "| resident MiB: start, peak, end | quiet after, s |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|";

    public required string Name { get; init; }

    /// <summary>The bystander's messages that were due during the attack.</summary>
    public required IReadOnlyList<Message> During { get; init; }

    /// <summary>All of them, also those until all was quiet.</summary>
    public required IReadOnlyList<Message> All { get; init; }

    public required int Refused { get; init; }

    public required IReadOnlyList<(long Due, double Milliseconds, string? Reason)> Newcomers { get; init; }

    public required IReadOnlyList<(long Start, double Milliseconds, string? Reason)> Live { get; init; }

    public required IReadOnlyList<(long Start, double Milliseconds, string? Reason)> Ready { get; init; }

    public required double StartKiB { get; init; }

    public required double PeakKiB { get; init; }

    public required double EndKiB { get; init; }

    public required long MemoryLimit { get; init; }

    public required TimeSpan? Quiet { get; init; }

    public required string Notes { get; init; }

    /// <summary>The row, and a line of notes that begins with a space.</summary>
    public override string ToString()
    {
        var (times, longest) = (RoundTrips(During), RoundTrips(All).DefaultIfEmpty().Max());
        var (p50, p99) = (Measure.Percentile(times, 0.5), Measure.Percentile(times, 0.99));
        var lives = Live.Select(answer => answer.Milliseconds).ToList();
        var lost = All.Count(message => !message.IsReceived);
        var worst = Newcomers.Select(one => one.Milliseconds).DefaultIfEmpty().Max();
        var failed = Newcomers.Count(one => one.Reason is not null);
        var dead = Live.Count(answer => answer.Reason is not null);
        var red = Ready.Count(answer => answer.Reason is not null);
        var room = StartKiB + (MemoryLimit * Goal.Memory / 1024);
        string[] cells =
        [
            Name,
            $"{Text(p50)}, {Mark(p99, Goal.RoundTrip.TotalMilliseconds)}, {Text(longest)}",
            Mark(lost, 0),
            Mark(Refused, 0),
            Mark(worst, Goal.Newcomer.TotalMilliseconds),
            Mark(failed, 0),
            $"{Mark(Measure.Percentile(lives, 0.99), Goal.Live.TotalMilliseconds)}, {Text(lives.DefaultIfEmpty().Max())}",
            Mark(dead, 0),
            $"{red} of {Ready.Count}",
            $"{Text(StartKiB / 1024)}, {Mark(PeakKiB / 1024, room / 1024)}, {Text(EndKiB / 1024)}",
            Quiet is { } quiet ? quiet.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture) : "not",
        ];
        return $"| {string.Join(" | ", cells)} |\n {Name}: {Notes}{Reasons("/livez", Live)}{Reasons("/readyz", Ready)}"
            + Reasons("newcomers", Newcomers);
    }

    private static List<double> RoundTrips(IEnumerable<Message> messages) =>
        [.. messages.Where(message => message.IsReceived).Select(message => message.RoundTrip.TotalMilliseconds)];

    private static string Reasons(string what, IEnumerable<(long, double, string? Reason)> answers)
    {
        var reasons = answers.Select(answer => answer.Reason).OfType<string>().CountBy(reason => reason)
            .OrderByDescending(reason => reason.Value).Take(4).Select(reason => $"{reason.Value} × {reason.Key}");
        var text = string.Join("; ", reasons);
        return text.Length == 0 ? "" : $"\n {what}: {text}";
    }

    private static string Mark(double value, double most) => value <= most ? Text(value) : $"**{Text(value)}**";

    private static string Text(double value) =>
        value.ToString(value is > 0 and < 10 && value % 1 != 0 ? "F1" : "F0", CultureInfo.InvariantCulture);
}
