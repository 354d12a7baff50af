using System.Reactive.Concurrency;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Folding;
using Cassini.Streams.Health.Records;

namespace Cassini.Bench;

/// <summary>A day of 1 Hz ticks and 100,000 events folded in virtual time.</summary>
internal static class ReplayBench
{
    private const int Events = 100_000;
    private const int Beats = 86_400;
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static void Run()
    {
        var times = Enumerable.Range(0, 6).Select(_ => One()).Skip(1).ToArray();
        Measure.Line($"replay: a day of 1 Hz ticks and {Events:N0} events: median {Measure.Median(times):0.000} s of 5");
        RunRecord();
    }

    private static double One()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var policy = new HealthPolicy();
        var epoch = Epoch.StartingAt(start);
        var transitions = 0;
        var elapsed = Measure.Time(() =>
        {
            var scheduler = new HistoricalScheduler(start);
            var state = HealthState.Initial(epoch, start, policy);
            void Take(FoldInput input)
            {
                state = HealthReducer.Reduce(state, input, policy);
                transitions += state.Transitions.Length;
            }

            long sequence = 0;
            void Next()
            {
                var now = scheduler.Now - start;
                sequence++;
                Take(new FoldInput(now, new EventEnvelope(epoch, sequence, scheduler.Now, now, Happened(sequence))));
                if (sequence < Events)
                {
                    scheduler.Schedule(Day / Events, Next);
                }
            }

            scheduler.Schedule(Day / Events, Next);
            using var ticks = scheduler.SchedulePeriodic(TimeSpan.FromSeconds(1), () => Take(new FoldInput(scheduler.Now - start, null)));
            scheduler.AdvanceTo(start + Day);
        });
        return transitions > 0 ? elapsed.TotalSeconds : throw new InvalidOperationException("nothing was folded");
    }

    /// <summary>The same day as a record in memory, read and folded by what `cassini replay` uses.</summary>
    private static void RunRecord()
    {
        var record = Record();
        var times = Enumerable.Range(0, 6)
            .Select(_ => Measure.Time(() => FoldAsync(record).GetAwaiter().GetResult()).TotalSeconds)
            .Skip(1)
            .ToArray();
        Measure.Line(
            $"record: {Events + Beats:N0} events of a day, {record.Length / 1e6:0} MB of lines: ",
            $"median {Measure.Median(times):0.000} s of 5");
    }

    private static async Task FoldAsync(byte[] record)
    {
        var replay = new HealthReplay();
        await foreach (var _ in replay.RunAsync(new MemoryStream(record)))
        {
        }

        if (replay.Events != Events + Beats)
        {
            throw new InvalidOperationException("events are missing");
        }
    }

    private static byte[] Record()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var policy = new HealthPolicy();
        var initial = HealthState.Initial(Epoch.StartingAt(start), start, policy);
        using var record = new MemoryStream();
        void Line(byte[] line)
        {
            record.Write(line);
            record.WriteByte((byte)'\n');
        }

        Line(RecordHeader.Write(initial, start, "0.1.0", policy));
        var others = Enumerable.Range(1, Events).Select(i => (At: i * (Day / Events), Event: Happened(i)));
        BrokerEvent beat = new HeartbeatReceived(TimeSpan.FromMilliseconds(1), 1, long.MaxValue);
        var beats = Enumerable.Range(1, Beats).Select(i => (At: TimeSpan.FromSeconds(i), Event: beat));
        long sequence = 0;
        foreach (var (at, happened) in others.Concat(beats).OrderBy(one => one.At))
        {
            Line(EventJson.Serialize(new EventEnvelope(initial.Epoch, ++sequence, start + at, at, happened)));
        }

        return record.ToArray();
    }

    private static BrokerEvent Happened(long sequence) => (sequence % 7) switch
    {
        0 => new ConnectionAccepted(sequence / 7, "127.0.0.1:8883", "127.0.0.1:40000"),
        1 => new HandshakeCompleted(sequence / 7, "alice", "TLS 1.3", TimeSpan.Zero),
        2 => new HeartbeatReceived(TimeSpan.FromMilliseconds(1), 1, sequence),
        3 => new AcceptProbed("127.0.0.1:8883", TimeSpan.FromMilliseconds(1)),
        4 => new CanarySucceeded(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMilliseconds(5)),
        5 => new ConnectionClosed(sequence / 7, CloseReason.PeerClosed, TimeSpan.Zero, 10, 10),
        _ => sequence % 7_000 == 6
            ? new Crashed(new Component(ComponentKind.Connection, "1"), "IOException", "boom", 1, null)
            : new ListenerBound("127.0.0.1:8883", "127.0.0.1:8883"),
    };
}
