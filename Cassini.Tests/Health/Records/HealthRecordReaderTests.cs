using System.Text;
using System.Text.Json.Nodes;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Records;
using Cassini.Tests.Support;
using CsCheck;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health.Records;

public class HealthRecordReaderTests
{
    private static readonly byte[] Header = RecordedRun.Header(new Fold().State);

    [Fact]
    public async Task Read_WholeRecord_IsItsSegmentsAndEvents()
    {
        var lines = await ReadAsync([Header, .. Events(1, 2), Header, .. Events(1)]);

        Shape(lines).ShouldBe(["segment", "1", "2", "segment", "1"]);
        var segment = lines[0].ShouldBeOfType<HealthRecordSegment>();
        segment.Program.ShouldBe("1.2.3");
        segment.StartedAt.ShouldBe(Start);
    }

    [Fact]
    public async Task Read_LastLineCutOff_IsNamedAndIgnored()
    {
        var record = RecordedRun.Lines([Header, .. Events(1, 2)]);

        var lines = await RecordedRun.ReadAsync(record[..^10]);

        Shape(lines).ShouldBe(["segment", "1", "Truncated"]);
        lines[2].Line.ShouldBe(3);
    }

    [Fact]
    public async Task Read_LastLineWithoutItsEnd_IsAnEvent() =>
        Shape(await RecordedRun.ReadAsync(RecordedRun.Lines([Header, .. Events(1, 2)])[..^1])).ShouldBe(["segment", "1", "2"]);

    [Fact]
    public async Task Read_GarbageEmptyLinesAndWindowsEnds_AreNamedOrSkipped()
    {
        var lines = await ReadAsync(
        [
            Header, "\r"u8.ToArray(), "nonsense"u8.ToArray(), "[1]"u8.ToArray(), [0xff, 0xfe],
            .. Events(1).Select(line => (byte[])[.. line, (byte)'\r']),
        ]);

        Shape(lines).ShouldBe(["segment", "Garbage", "Garbage", "Garbage", "1"]);
        lines[1].Line.ShouldBe(3);
        Message(lines[1]).ShouldStartWith("not an event: ");
    }

    [Fact]
    public async Task Read_EventOfANewerVersion_IsNamedAndLeavesNoHole()
    {
        var unknown = Encoding.UTF8.GetString(Events(2).Single()).Replace("topicCreated", "topicPraised", StringComparison.Ordinal);

        var lines = await ReadAsync([Header, .. Events(1), Encoding.UTF8.GetBytes(unknown), .. Events(3)]);

        Shape(lines).ShouldBe(["segment", "1", "UnknownEvent", "3"]);
        Message(lines[2]).ShouldBe("an event of an unknown type, 'topicPraised'; skipped");
    }

    [Fact]
    public async Task Read_MissingEvents_AreNamed()
    {
        var lines = await ReadAsync([Header, .. Events(1, 3, 7)]);

        Shape(lines).ShouldBe(["segment", "1", "Hole", "3", "Hole", "7"]);
        Message(lines[2]).ShouldStartWith("event 2 is missing; ");
        Message(lines[4]).ShouldStartWith("events 4 to 6 are missing; ");
    }

    [Fact]
    public async Task Read_EventThatWasThere_IsSkipped() =>
        Shape(await ReadAsync([Header, .. Events(1, 2, 2, 1, 3)])).ShouldBe(["segment", "1", "2", "Repeated", "Repeated", "3"]);

    [Fact]
    public async Task Read_EventsOfAnotherRun_AreNamedOnceAndSkipped()
    {
        var other = Events(2, 3).Select(
            line => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(line).Replace("\"id\":\"0", "\"id\":\"1", StringComparison.Ordinal)));

        Shape(await ReadAsync([Header, .. Events(1), .. other, .. Events(2)])).ShouldBe(["segment", "1", "OtherEpoch", "2"]);
    }

    [Fact]
    public async Task Read_ClockThatRunsBackwards_IsNamedAndTheEventStays()
    {
        var epoch = Epoch.StartingAt(Start);
        var late = EventJson.Serialize(new EventEnvelope(epoch, 1, Start, S(9), new TopicCreated("t")));
        var early = EventJson.Serialize(new EventEnvelope(epoch, 2, Start, S(3.5), new TopicCreated("t")));

        var lines = await ReadAsync([Header, late, early]);

        Shape(lines).ShouldBe(["segment", "1", "ClockBackwards", "2"]);
        Message(lines[2]).ShouldBe("the clock runs backwards from 9 s to 3.5 s; treated as unchanged");
    }

    [Fact]
    public async Task Read_NoHeader_IsNamedOnceAndSkippedUntilThereIsOne() =>
        Shape(await ReadAsync([.. Events(1, 2), Header, .. Events(1)])).ShouldBe(["NoHeader", "segment", "1"]);

    [Fact]
    public async Task Read_HeaderThatCannotBeRead_CostsItsSegmentAlone()
    {
        var future = Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(Header).Replace("\"version\":7", "\"version\":8", StringComparison.Ordinal));

        var lines = await ReadAsync([Header, .. Events(1), future, .. Events(1, 2), Header[..50], .. Events(2), Header, .. Events(1)]);

        Shape(lines).ShouldBe(["segment", "1", "BadHeader", "BadHeader", "segment", "1"]);
        Message(lines[2]).ShouldBe(
            "the header cannot be read: version: 8, written by Cassini 1.2.3; this program reads versions 2 to 7; "
            + "the events after it are skipped until the next one");
    }

    [Fact]
    public async Task Read_RecordOfVersion1_NamesBothVersions()
    {
        // Its state and its events have other names for connections and sessions.
        const string Old = """{"format":"cassini-record","version":1,"epoch":"000001a202b2c500","startedAt":"2026-11-22T10:00:00.000Z","""
            + """ "cassini":"0.1.0","through":57,"elapsed":12.5,"policy":{},"state":{"counts":{"sessionsOpened":1}}}""";
        const string Event = """{"id":"000001a202b2c500-58","time":"2026-11-22T10:00:13.000Z","elapsed":13,"type":"sessionOpened","""
            + """ "event":{"connection":1}}""";

        var lines = await ReadAsync([Encoding.UTF8.GetBytes(Old), Encoding.UTF8.GetBytes(Event)]);

        Message(lines.ShouldHaveSingleItem()).ShouldBe(
            "the header cannot be read: version: 1, written by Cassini 0.1.0; this program reads versions 2 to 7; "
            + "the events after it are skipped until the next one");
    }

    /// <summary>Its refused handshakes have no addresses: each of them counts, as when it was recorded.</summary>
    [Fact]
    public async Task Read_RecordOfVersion2_GivesTheTransitionsOfItsTime()
    {
        var fold = new Fold();
        for (var id = 1; id <= 19; id++)
        {
            fold.At(1, Refused(id));
        }

        (await ReplayVersion2Async(fold, Refused(20))).ShouldContain(
            change => change.Check == CheckNames.Handshake && change.Message == "20 of 20 handshakes refused in 60 s");
    }

    /// <summary>There was no such check, and the samples of that time would never end what it reports.</summary>
    [Fact]
    public async Task Read_RecordOfVersion2_NeverReportsCapacity() =>
        (await ReplayVersion2Async(new Fold(), Refused(1, HandshakeFailure.ConnectionLimit)))
            .ShouldNotContain(change => change.Check == CheckNames.Capacity);

    /// <summary>What happens after such a header is judged as at present: the record may go on in a fleet.</summary>
    [Fact]
    public async Task Read_RecordOfVersion6_IsOffUntilItEntersAFleet()
    {
        var fold = new Fold().At(1, new PhaseEntered(Phase.Ready));
        var old = JsonNode.Parse(RecordedRun.Header(fold.State))!;
        old["version"] = 6;
        old["state"]!["facts"]!.AsObject().Remove("cluster").ShouldBeTrue();
        old["state"]!["checks"]!.AsObject().Remove("cluster").ShouldBeTrue();
        BrokerEvent[] happened =
        [
            new PhaseEntered(Phase.Draining), new FleetEntered("a", "main"), new EngineConnected("nats://127.0.0.1:4222"),
            new FleetJoined(0, S(1)),
        ];
        var events = happened.Select((one, index) => EventJson.Serialize(
            new EventEnvelope(fold.State.Epoch, fold.State.Through + 1 + index, Start, S(2 + index), one)));

        var changes = new HealthReplay().Replay(await ReadAsync([Encoding.UTF8.GetBytes(old.ToJsonString()), .. events]));

        changes.Where(change => change.Check == CheckNames.Cluster).Select(change => (change.From, change.To)).ShouldBe(
            [(HealthStatus.Off, HealthStatus.Unknown), (HealthStatus.Unknown, HealthStatus.Ok)]);
    }

    private static async Task<IReadOnlyList<HealthChanged>> ReplayVersion2Async(Fold fold, BrokerEvent last)
    {
        var old = JsonNode.Parse(RecordedRun.Header(fold.State))!;
        old["version"] = 2;
        old["policy"]!.AsObject().Remove("HandshakesPerAddress").ShouldBeTrue();
        var handshakes = old["state"]!["facts"]!["handshakes"]!.AsObject();
        handshakes.Remove("addresses").ShouldBeTrue();
        handshakes.Remove("others").ShouldBeTrue();
        var envelope = new EventEnvelope(fold.State.Epoch, fold.State.Through + 1, Start, S(2), last);
        return [.. new HealthReplay().Replay(await ReadAsync([Encoding.UTF8.GetBytes(old.ToJsonString()), EventJson.Serialize(envelope)]))];
    }

    [Fact]
    public async Task Read_Nothing_IsNothing() => (await RecordedRun.ReadAsync([])).ShouldBeEmpty();

    [Fact]
    public async Task Read_LineWithoutEnd_IsRefusedBeforeItFillsTheMemory() =>
        await Should.ThrowAsync<InvalidDataException>(() => RecordedRun.ReadAsync(new byte[65 * 1024 * 1024]));

    [Fact]
    public void Read_AnyDamage_NeverThrowsAndFoldsOn() =>
        Gen.Select(GeneratedLog.Log, Gen.Int[0, 1_000_000], Gen.Byte.Array[0, 8]).Sample(
            (log, at, bytes) =>
            {
                var record = RecordedRun.Record(Header, log);
                bytes.CopyTo(record.AsSpan(at % Math.Max(1, record.Length - bytes.Length)));
                var lines = RecordedRun.ReadAsync(record).GetAwaiter().GetResult();
                new HealthReplay().Replay(lines);
            },
            iter: 200);

    [Fact]
    public async Task Writer_CutAnywhere_LosesTheLastLineAlone()
    {
        using var directory = new TempDirectory();
        var path = directory.File("record.jsonl");
        var epoch = Epoch.StartingAt(Start);
        EventEnvelope[] events = [.. Enumerable.Range(1, 5).Select(i => new EventEnvelope(epoch, i, Start + S(i), S(i), Heartbeat()))];
        await using (var writer = new HealthRecordWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, 0)))
        {
            await writer.BeginAsync(Header);
            await writer.WriteAsync(events[0]);
            File.ReadAllLines(path).Length.ShouldBe(2, "each line is handed over at once");
            await writer.WriteAsync(events[1..]);
            await Should.ThrowAsync<ArgumentException>(async () => await writer.BeginAsync("a\nb"u8.ToArray()));
        }

        var record = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        (await RecordedRun.ReadAsync(record)).OfType<HealthRecordEvent>().Select(line => line.Envelope).ShouldBe(events);
        for (var length = Header.Length + 1; length < record.Length; length += 7)
        {
            var lines = await RecordedRun.ReadAsync(record[..length]);
            lines.OfType<HealthRecordProblem>()
                .ShouldAllBe(problem => problem.Kind == RecordProblem.Truncated && problem.Line == lines.Count);
        }
    }

    private static Task<List<HealthRecordLine>> ReadAsync(IEnumerable<byte[]> lines) => RecordedRun.ReadAsync(RecordedRun.Lines(lines));

    private static IEnumerable<byte[]> Events(params long[] sequences) => sequences.Select(sequence =>
        EventJson.Serialize(new EventEnvelope(Epoch.StartingAt(Start), sequence, Start + S(sequence), S(sequence), new TopicCreated("t"))));

    private static string Message(HealthRecordLine line) => line.ShouldBeOfType<HealthRecordProblem>().Message;

    private static IEnumerable<string> Shape(IEnumerable<HealthRecordLine> lines) => lines.Select(line => line switch
    {
        HealthRecordSegment => "segment",
        HealthRecordEvent happened => happened.Envelope.Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture),
        HealthRecordProblem problem => problem.Kind.ToString(),
        _ => "",
    });
}
