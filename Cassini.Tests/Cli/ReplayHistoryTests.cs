using System.Text.Json;
using Cassini.Harness;
using Cassini.Streams.Events;
using Cassini.Streams.Store.History;
using Cassini.Tests.Health;
using Cassini.Tests.Health.Records;
using Cassini.Tests.Management;
using Cassini.Tests.Management.Access;
using Cassini.Tests.Support;
using Cassini.Web.Cli;
using Microsoft.Data.Sqlite;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Cli;

/// <summary><c>cassini replay</c> of a history: the same verdicts as from a record of the same run.</summary>
public sealed class ReplayHistoryTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private TestConsole _console = new();

    private string FilePath => Path.Combine(_directory.Path, "history", "history.db");

    public void Dispose()
    {
        _console.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(".")]
    [InlineData("history")]
    [InlineData("history/history.db")]
    public async Task Replay_AHistory_GivesWhatTheRecordGives(string given)
    {
        var (header, events) = Incident();
        File.WriteAllBytes(_directory.File("incident.jsonl"), RecordedRun.Record(header, events));
        using (var file = Open())
        {
            file.Append([.. events.Take(20)], new HistoryState(header, events[0].Sequence - 1), Fold.Start);
            file.Append([.. events.Skip(20)], null, Fold.Start);
        }

        (await RunAsync("replay", "incident.jsonl", "--json")).ShouldBe(ExitCode.Ok);
        var expected = _console.Out.Lines;
        expected.Count.ShouldBeGreaterThan(2);

        (await RunAsync("replay", given, "--json")).ShouldBe(ExitCode.Ok);
        _console.Error.Lines.ShouldBeEmpty();
        _console.Out.Lines.ShouldBe(expected);
    }

    /// <summary>The broker's own published transitions are in the history, and each replay compares its own with them.</summary>
    [Fact]
    public async Task Replay_RunsOfABrokerOneOfThemStillWritten_HasNoDifference()
    {
        await using (var first = await StartAsync())
        {
            first.Publish(BindFailed());
            first.Publish(new PhaseEntered(Phase.Draining));
        }

        await using var second = await StartAsync();
        second.Publish(BindFailed(), new TopicCreated("a"));
        var last = second.Hub.LastSequence;
        await Eventually.BecomesAsync("it is on disk", () => second.History!.Status.Written, written => written >= last);

        (await RunAsync("replay", FilePath, "--json")).ShouldBe(ExitCode.Ok);
        _console.Error.Lines.ShouldBeEmpty();
        var summary = Summary();
        summary.GetProperty("differences").GetInt64().ShouldBe(0);
        summary.GetProperty("segments").GetInt64().ShouldBe(2);
        summary.GetProperty("events").GetInt64().ShouldBeGreaterThan(last);
        _console.Out.ToString().ShouldContain("BindFailed");
    }

    [Fact]
    public async Task Replay_ARunningBroker_GivesWhatItsFileGivesAndTheNewestToo()
    {
        await using var rig = await StartAsync();
        rig.Publish(new TopicCreated("a"));
        await Eventually.BecomesAsync("its begin is on disk", () => rig.History!.Status.Written, written => written > 0);
        rig.Publish(BindFailed());

        (await RunAsync("replay", rig.Address.ToString(), "--json")).ShouldBe(ExitCode.Ok, _console.Error.ToString());

        _console.Error.Lines.ShouldBeEmpty();
        Summary().GetProperty("differences").GetInt64().ShouldBe(0);
        _console.Out.ToString().ShouldContain("BindFailed");
    }

    [Fact]
    public async Task Replay_ABrokerThatAsksForAToken_IsRefusedWithoutAndServedWith()
    {
        var token = _directory.Write("token", ClosedRig.Authorization.Value.Split(' ')[1]);
        await using var rig = await ClosedRig.StartAsync(
            _directory.File("tokens"), history: new HistoryOptions { Directory = _directory.File("history") });
        rig.Publish(new TopicCreated("a"));
        await Eventually.BecomesAsync("its begin is on disk", () => rig.History!.Status.Written, written => written > 0);

        (await RunAsync("replay", rig.Address.ToString())).ShouldBe(ExitCode.Error);
        _console.Error.Lines.ShouldHaveSingleItem().ShouldContain("401");
        (await RunAsync("replay", rig.Address.ToString(), "--token-file", token)).ShouldBe(ExitCode.Ok, _console.Error.ToString());
    }

    [Fact]
    public async Task Replay_ABrokerWithoutAHistory_SaysSo()
    {
        await using var rig = await ManagementRig.StartReadyAsync();

        (await RunAsync("replay", rig.Address.ToString())).ShouldBe(ExitCode.Error);
        _console.Error.Lines.ShouldHaveSingleItem().ShouldContain("refused: 404 no history is kept");
    }

    [Fact]
    public async Task Replay_Since_BeginsAtTheLastStateBefore()
    {
        var (header, events) = Incident(out var later);
        using (var file = Open())
        {
            file.Append(events, new HistoryState(header, events[0].Sequence - 1), Fold.Start);
            file.Append([events[^1]], later, Fold.Start);
        }

        (await RunAsync("replay", ".", "--json", "--since", "2026-01-01T00:00:25.500Z")).ShouldBe(ExitCode.Ok);
        _console.Error.Lines.ShouldBeEmpty();
        Summary().GetProperty("events").GetInt64().ShouldBe(events[^1].Sequence - later.Through);
        Summary().GetProperty("differences").GetInt64().ShouldBe(0);

        (await RunAsync("replay", ".", "--json", "--since", "2999-01-01")).ShouldBe(ExitCode.Error);
        _console.Error.Lines.ShouldBe(["cassini: .: has no events since 2999-01-01T00:00:00.000Z"]);
    }

    [Fact]
    public async Task Replay_EventsAreMissing_GoesOnWithTheNextState()
    {
        var (header, events) = Incident(out var later);
        var lost = later.Through - 10;
        using (var file = Open())
        {
            file.Append([.. events.Where(one => one.Sequence != lost)], new HistoryState(header, events[0].Sequence - 1), Fold.Start);
            file.Append([events[^1]], later, Fold.Start);
        }

        (await RunAsync("replay", ".", "--json")).ShouldBe(ExitCode.Ok);
        _console.Error.Lines.ShouldHaveSingleItem().ShouldContain($"event {lost} is missing; the replay continues without");
        Summary().GetProperty("segments").GetInt64().ShouldBe(2, "the second state puts it right again");
    }

    [Fact]
    public async Task Replay_SinceOfARecord_IsRefused()
    {
        var (header, events) = Incident();
        File.WriteAllBytes(_directory.File("incident.jsonl"), RecordedRun.Record(header, events));

        (await RunAsync("replay", "incident.jsonl", "--since", "2026-01-01")).ShouldBe(ExitCode.Error);
        _console.Error.Lines.ShouldBe(["cassini: incident.jsonl: is no history, and --since goes with one"]);
    }

    [Theory]
    [InlineData("CREATE TABLE other (a)", "is an SQLite database, but no history of Cassini")]
    [InlineData(
        "PRAGMA application_id = 1130460019; PRAGMA user_version = 2; CREATE TABLE events (a)",
        "was written by a newer version of Cassini: its format is 2, and this one knows 1")]
    public async Task Replay_AnotherDatabase_SaysWhichAndIsLeftAlone(string content, string expected)
    {
        var path = _directory.File("other.db");
        Ask(path, content);
        var before = File.ReadAllBytes(path);

        (await RunAsync("replay", "other.db")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe([$"cassini: other.db: {expected}"]);
        File.ReadAllBytes(path).ShouldBe(before);
    }

    [Fact]
    public async Task Replay_Locked_IsInUse()
    {
        using (var file = Open())
        {
            file.Append([Incident().Events[0]], null, Fold.Start);
        }

        using var other = new SqliteConnection($"Data Source={FilePath};Pooling=False");
        other.Open();
        Execute(other, "PRAGMA locking_mode = EXCLUSIVE");
        Execute(other, "BEGIN EXCLUSIVE");
        Execute(other, "UPDATE runs SET detail = 'x'");

        (await RunAsync("replay", FilePath)).ShouldBe(ExitCode.Error);
        _console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith($"cassini: {FilePath}: is in use: another program has locked it");
    }

    [Fact]
    public async Task Replay_ADamagedFile_SaysSo()
    {
        _directory.Write("damaged.db", "SQLite format 3\0" + new string('x', 4_096));

        (await RunAsync("replay", "damaged.db")).ShouldBe(ExitCode.Error);
        _console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith("cassini: damaged.db: is damaged: ");
    }

    [Fact]
    public async Task Replay_WrittenBeforeStatesWere_SaysSo()
    {
        using (var file = Open())
        {
            file.Append([Incident().Events[0]], null, Fold.Start);
        }

        Ask(FilePath, "DROP TABLE states");

        (await RunAsync("replay", ".")).ShouldBe(ExitCode.Error);
        _console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith("cassini: .: has no state of health to begin with");
    }

    [Theory]
    [InlineData("http://", "expected http://HOST:PORT")]
    [InlineData("http://127.0.0.1:9090/?x", "must not have a query")]
    public async Task Replay_AMalformedUrl_IsWrongUsage(string url, string expected)
    {
        (await RunAsync("replay", url)).ShouldBe(ExitCode.Usage);
        _console.Error.ToString().ShouldContain(expected);
    }

    private static (byte[] Header, IReadOnlyList<EventEnvelope> Events) Incident() => Incident(out _);

    /// <summary>A crash, and what came of it.</summary>
    /// <param name="later">A state in the middle.</param>
    private static (byte[] Header, IReadOnlyList<EventEnvelope> Events) Incident(out HistoryState later)
    {
        var fold = new Fold().At(0, Bound()).At(1, new CanaryDisabled("none"))
            .At(1, Certificate(CertificateRole.Server, Fold.Start.AddYears(1)))
            .At(2, new PhaseEntered(Phase.Ready)).At(3.9, Heartbeat()).At(3.9, Probed()).Until(4);
        var header = RecordedRun.Header(fold.State);
        var record = new RecordingFold(fold);
        record.At(5, Crashed(ComponentKind.Connection));
        later = default;
        for (var second = 6; second <= 40; second++)
        {
            record.At(second, Heartbeat());
            record.At(second, Probed());
            record.At(second, new LoadSampled(0, 0, 0, 0));
            later = second == 25 ? new HistoryState(RecordedRun.Header(fold.State), fold.State.Through) : later;
        }

        return (header, record.Events);
    }

    private HistoryFile Open() =>
        HistoryFile.Open(FilePath, new HistoryOptions(), new HistoryRun(Epoch.StartingAt(Fold.Start), Fold.Start, "1.2.3"));

    private Task<ManagementRig> StartAsync() =>
        ManagementRig.StartReadyAsync(history: new HistoryOptions { Directory = _directory.File("history") });

    private static void Ask(string path, string text)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        Execute(connection, text);
    }

    private static void Execute(SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    private JsonElement Summary() => JsonDocument.Parse(_console.Out.Lines[^1]).RootElement;

    private Task<int> RunAsync(params string[] args)
    {
        _console.Dispose();
        _console = new TestConsole { WorkingDirectory = _directory.Path };
        var context = _console.Context;
        return CommandLine.RunAsync(args, context, ReplayCommand.Create(context));
    }
}
