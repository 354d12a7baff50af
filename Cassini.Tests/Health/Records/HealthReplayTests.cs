using System.Reactive.Linq;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Health.Records;
using Cassini.Tests.VirtualTime;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health.Records;

public class HealthReplayTests
{
    private static readonly HealthPolicy Strict = new() { Window = S(2), Hold = S(40), CanaryErrorAfter = 1 };

    [Fact]
    public void Replay_OfALiveProjection_HasItsTransitions() =>
        Gen.Select(GeneratedLog.Log, Gen.Int[0, 120], Gen.Int[37, 2_000]).Sample(
            (log, cut, tick) =>
            {
                var (hub, record) = Live(log, cut, TimeSpan.FromMilliseconds(tick));
                var header = (HealthRecordSegment)record[0];
                var replay = new HealthReplay();
                var replayed = replay.Replay(record);

                var recorded = Enumerable.Range((int)header.Through + 1, (int)(hub.LastSequence - header.Through))
                    .Select(sequence => hub.Log.TryGet(sequence, out var envelope) ? envelope.Event : null)
                    .OfType<HealthChanged>()
                    .Where(change => change.Revision > header.State.Verdicts.Revision && !Generated(change));
                replayed.ShouldBe(recorded);
                replay.Events.ShouldBe(hub.LastSequence - header.Through);
            },
            iter: 150);

    [Fact]
    public void Replay_UnderAnotherPolicyFromTheStart_HasTheTransitionsOfThatPolicy() => GeneratedLog.Log.Sample(
        log =>
        {
            var then = new Fold();
            var header = RecordedRun.Header(then.State);
            var other = new Fold(Strict);
            foreach (var envelope in log)
            {
                other.Take(new FoldInput(envelope.Elapsed, envelope));
            }

            var replay = new HealthReplay(new HealthReplayOptions { Policy = _ => Strict });
            replay.Replay(Segment(header, log)).ShouldBe(other.Transitions);
        },
        iter: 150);

    [Fact]
    public void Replay_UnderAnotherPolicyFromTheMiddle_JudgesAnewAtTheHeader()
    {
        var fold = new Fold().At(0, Bound()).At(1, Heartbeat()).At(1, Probed()).Until(5.5);
        fold[CheckNames.Manager].Status.ShouldBe(HealthStatus.Ok);

        var replay = new HealthReplay(new HealthReplayOptions { Policy = recorded => recorded with { Window = S(2) } });
        var replayed = replay.Replay(Segment(RecordedRun.Header(fold.State), []));

        replayed.Select(change => (change.Check, change.From, change.To, change.Reason, change.At)).ShouldBe(
        [
            (CheckNames.Manager, HealthStatus.Ok, HealthStatus.Error, Reasons.HeartbeatMissing, S(5.5)),
            (CheckNames.Accept, HealthStatus.Ok, HealthStatus.Error, Reasons.AcceptStalled, S(5.5)),
        ]);
        replay.Current!.Checks.Single(check => check.Name == CheckNames.Manager).Since.ShouldBe(Start + S(5.5));
    }

    [Fact]
    public void Replay_UnderAMilderPolicyFromTheMiddle_IsNotHeldByTheOldOne()
    {
        var fold = new Fold().At(0, Bound()).At(1, Heartbeat()).Until(7);
        fold[CheckNames.Manager].Status.ShouldBe(HealthStatus.Error);

        var replayed = new HealthReplay(new HealthReplayOptions { Policy = recorded => recorded with { Window = S(30) } })
            .Replay(Segment(RecordedRun.Header(fold.State), []));

        replayed.Select(change => (change.Check, change.To, change.At)).ShouldContain((CheckNames.Manager, HealthStatus.Ok, S(7)));
    }

    [Fact]
    public void Replay_UnderAnotherHold_GoesOnFromTheRecordedDamping()
    {
        var fold = new Fold().At(0, Bound()).At(1, Heartbeat()).At(7, Heartbeat()).Until(8);
        fold[CheckNames.Manager].Status.ShouldBe(HealthStatus.Error, "held since 6");
        fold[CheckNames.Manager].Raw.ShouldBe(HealthStatus.Ok);
        var header = RecordedRun.Header(fold.State);
        var events = Enumerable.Range(9, 20).Select((second, index) =>
            new EventEnvelope(fold.State.Epoch, fold.State.Through + 1 + index, Start + S(second), S(second), Heartbeat()));

        new HealthReplay(new HealthReplayOptions { Policy = recorded => recorded with { Hold = S(7) } })
            .Replay(Segment(header, events)).Single(change => change.Check == CheckNames.Manager).At.ShouldBe(S(13));
        new HealthReplay().Replay(Segment(header, events)).Single(change => change.Check == CheckNames.Manager).At.ShouldBe(S(21));
    }

    [Fact]
    public void Replay_UntilATime_AppliesWhatIsDueByThenAndNothingLater()
    {
        var fold = new Fold().At(0, Bound()).At(1, Heartbeat());
        var lines = Segment(RecordedRun.Header(fold.State), [Envelope(fold, 3, 20, Heartbeat()), Envelope(fold, 4, 30, Heartbeat())]);

        foreach (var (until, expected, events) in new[]
        {
            (ReplayLimit.At(S(5.9)), 0, 0),
            (ReplayLimit.At(S(6)), 1, 0),
            (ReplayLimit.At(Start + S(6)), 1, 0),
            (ReplayLimit.At(S(24)), 2, 1),
            (ReplayLimit.After(new EventId(fold.State.Epoch, 3)), 1, 1),
        })
        {
            var replay = new HealthReplay(new HealthReplayOptions { Until = until });
            var replayed = replay.Replay(lines).Where(change => change.Check == CheckNames.Manager).ToList();

            replayed.Count.ShouldBe(expected);
            replay.Events.ShouldBe(events);
            replay.IsOver.ShouldBeTrue();
        }
    }

    [Fact]
    public void Replay_Evidence_IsResolvedToItsEventOrSaidToBeBeforeTheRecord()
    {
        var fold = new Fold().At(1, Heartbeat());
        var replay = new HealthReplay();
        var lines = Segment(
            RecordedRun.Header(fold.State), [Envelope(fold, 2, 3, BindFailed()), Envelope(fold, 3, 10, new TopicCreated("t"))]);

        var replayed = lines.SelectMany(line => replay.Take(line)).ToList();

        replayed.Single(transition => transition.Change.Check == CheckNames.Bind).Evidence
            .ShouldHaveSingleItem().ShouldBe(new ReplayEvidence(new EventId(fold.State.Epoch, 2), "bindFailed", Start + S(3)));
        var missing = replayed.Single(transition => transition.Change.Check == CheckNames.Manager);
        missing.Evidence.ShouldHaveSingleItem().Type.ShouldBeNull();
        missing.Time.ShouldBe(Start + S(6));
    }

    [Fact]
    public void Replay_RecordedTransitionThatTheFoldDoesNotTell_IsADifference()
    {
        var fold = new Fold().At(1, Heartbeat());
        var lie = new HealthChanged(
            CheckNames.Bind, HealthStatus.Ok, HealthStatus.Error, "BindFailed", "m", [], S(2), HealthStatus.Error, false, true, 99);
        var replay = new HealthReplay();

        replay.Replay(Segment(RecordedRun.Header(fold.State), [Envelope(fold, 2, 2, lie)]));

        replay.Differences.ShouldBe(1);
    }

    [Fact]
    public void Replay_PolicyThatIsNotValid_IsRefused() => Should.Throw<ArgumentException>(() =>
        new HealthReplay(new HealthReplayOptions { Policy = recorded => recorded with { Window = TimeSpan.Zero } })
            .Replay(Segment(RecordedRun.Header(new Fold().State), []))).Message.ShouldContain("Health:Window");

    private static EventEnvelope Envelope(Fold fold, long sequence, double seconds, BrokerEvent happened) =>
        new(fold.State.Epoch, sequence, Start + S(seconds), S(seconds), happened);

    private static List<HealthRecordLine> Segment(byte[] header, IEnumerable<EventEnvelope> events)
    {
        using var json = System.Text.Json.JsonDocument.Parse(header);
        return [RecordHeader.Read(json.RootElement, 1), .. events.Select((envelope, index) => new HealthRecordEvent(index + 2, envelope))];
    }

    /// <summary>The log generator makes some of its own; they are events like any other, and are not published again.</summary>
    private static bool Generated(HealthChanged change) => change is { Message: "m", Revision: 3 };

    /// <summary>A projection over a hub in virtual time, and a record of it that begins in the middle.</summary>
    private static (EventHub Hub, List<HealthRecordLine> Record) Live(IReadOnlyList<EventEnvelope> log, int cut, TimeSpan tick)
    {
        var clock = new VirtualClock();
        var hub = new EventHub(clock.Time);
        using var projection = new HealthProjection(
            hub, new HealthPolicy { Tick = tick }, clock.Scheduler, "1.2.3", NullLogger<HealthProjection>.Instance);
        byte[]? header = null;
        foreach (var (envelope, index) in log.Select((envelope, index) => (envelope, index)))
        {
            clock.AdvanceTo(envelope.Elapsed);
            header = index == cut ? projection.ToRecordHeader() : header;
            hub.Publish(envelope.Event);
        }

        header ??= projection.ToRecordHeader();
        clock.AdvanceBy(TimeSpan.FromMinutes(2));
        using var json = System.Text.Json.JsonDocument.Parse(header);
        var segment = RecordHeader.Read(json.RootElement, 1);
        var record = new List<HealthRecordLine> { segment };
        for (var sequence = segment.Through + 1; sequence <= hub.LastSequence; sequence++)
        {
            hub.Log.TryGet(sequence, out var envelope).ShouldBeTrue();
            EventJson.TryRead(EventJson.Serialize(envelope), out var read, out var error).ShouldBe(EventLine.Event, error);
            record.Add(new HealthRecordEvent(sequence, read!));
        }

        return (hub, record);
    }
}
