using Cassini.Management.Logging;
using Cassini.Management.Telemetry;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Tests.Health;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Management;

/// <summary>How often the log says that a limit is reached, while clients try again and again. Time is the events'.</summary>
public sealed class CapacityLogTests : IDisposable
{
    private static readonly CapacityReached Sessions = new(CapacityResource.Sessions, 9);
    private static readonly CapacityReached Share = new(CapacityResource.Sessions, 3, "mallory");
    private readonly RecordingLoggers _loggers = new();
    private readonly EventLogger _log;
    private long _sequence;

    public CapacityLogTests() => _log = new EventLogger(_loggers);

    public void Dispose() => _loggers.Dispose();

    [Fact]
    public void Limit_ReachedForTwoHours_IsSummedUpLessAndLessOften()
    {
        ForTwoHours(Sessions);

        var lines = Lines;
        lines.Count.ShouldBe(7);
        lines.ShouldAllBe(line => line.Level == LogLevel.Error);
        lines.Take(3).Select(line => line.Text).ShouldBe(
        [
            "clients or messages are turned away: the limit of Sessions is reached, 9",
            "clients or messages were turned away again within 1 min: the limit of Sessions is reached, 9",
            "clients or messages were turned away again within 2 min: the limit of Sessions is reached, 9",
        ]);
    }

    [Fact]
    public void Share_ReachedForTwoHours_IsSummedUpLessAndLessOften()
    {
        ForTwoHours(Share);

        var lines = Lines;
        lines.Count.ShouldBe(7);
        lines.ShouldAllBe(line => line.Level == LogLevel.Warning);
        lines.Take(2).Select(line => line.Text).ShouldBe(
        [
            "mallory is refused: it has its share of Sessions, 3; others are not affected",
            "mallory was refused again within 1 min: it has its share of Sessions, 3; others are not affected",
        ]);
    }

    [Fact]
    public void Limits_OfOtherResourcesAndIdentities_HaveLinesOfTheirOwn()
    {
        At(0, Sessions);
        At(0, Sessions with { Resource = CapacityResource.Memory });
        At(0, Share);
        At(0, Share with { Identity = "eve" });

        Lines.Count.ShouldBe(4);
    }

    [Fact]
    public void Limit_ReachedAfterAQuietMinute_IsAFirstOneAgain()
    {
        At(0, Sessions);
        At(60, Happened.Heartbeat());
        At(61, Sessions);

        Lines.Select(line => line.Text).ShouldBe(
            Enumerable.Repeat("clients or messages are turned away: the limit of Sessions is reached, 9", 2));
    }

    [Fact]
    public void Summaries_TheBrokerStops_AreWrittenBeforeItsLastWord()
    {
        At(0, Sessions);
        At(0, Share);
        At(2, Sessions);
        At(2, Share);
        At(5, new PhaseEntered(Phase.Stopped));
        _log.OnCompleted();

        Lines.Skip(2).Select(line => line.Text).ShouldBe(
        [
            "clients or messages were turned away again within 5 s: the limit of Sessions is reached, 9",
            "mallory was refused again within 5 s: it has its share of Sessions, 3; others are not affected",
            "phase Stopped",
        ]);
    }

    [Fact]
    public void Shares_OfThousandsOfIdentities_AreABoundedNumberOfLinesAndHideNoLimit()
    {
        for (var id = 0; id < 5_000; id++)
        {
            At(1, Share with { Identity = $"{id}" });
        }

        At(2, Sessions);
        At(61, Happened.Heartbeat());

        var lines = Lines;
        lines.Count.ShouldBe(CapacityLimit.Most + 2);
        lines[^2].Level.ShouldBe(LogLevel.Error);
        lines[^1].Text.ShouldBe("many identities have their share: clients of others were refused within 1 min");
    }

    private List<LogLine> Lines => [.. _loggers.Lines.Where(line => line.Level >= LogLevel.Information)];

    private void ForTwoHours(CapacityReached reached)
    {
        for (var second = 0; second < 7_200; second++)
        {
            At(second, reached);
        }
    }

    private void At(double seconds, BrokerEvent happened)
    {
        _sequence++;
        var elapsed = TimeSpan.FromSeconds(seconds);
        var envelope = new EventEnvelope(Epoch.StartingAt(Fold.Start), _sequence, Fold.Start + elapsed, elapsed, happened);
        _log.OnNext(new TracedDelivery(Delivery.Of(envelope), null));
    }
}
