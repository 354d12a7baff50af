using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Cassini.Harness;
using Cassini.Streams.Events;
using Cassini.Tests.Health;
using Cassini.Tests.Health.Records;
using Cassini.Tests.Support;
using Cassini.Web.Cli;
using Cassini.Web.Cli.Replaying;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Cli;

public class ReplayTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly TestConsole _console;

    public ReplayTests() => _console = new TestConsole { WorkingDirectory = _directory.Path };

    public void Dispose()
    {
        _console.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Replay_ARecord_PrintsTransitionsWithTheirEvidenceAndASummary()
    {
        (await RunAsync("replay", Incident())).ShouldBe(ExitCode.Ok);

        _console.Error.Lines.ShouldBeEmpty();
        _console.Out.Lines[0].ShouldStartWith("2026-01-01 00:00:04.000Z  segment after 0000019b76daa800-6, cassini 1.2.3: ok, ready");
        var text = _console.Out.ToString();
        text.ShouldContain(
            """
            2026-01-01 00:00:05.000Z  supervision  ok → error Crashed: Connection 1 crashed: boom
                                      by 0000019b76daa800-7 crashed at 2026-01-01 00:00:05.000Z
            2026-01-01 00:00:20.000Z  supervision  error → degraded RecentCrashes: 1 crash in 60 s; the last: Connection 1: boom
            """);
        text.ShouldContain(
            "at the end  degraded, ready, 2026-01-01 00:00:30.000Z\n            2 transitions; ok 1s, degraded 10s, error 15s");
        text.ShouldContain("record      26s, 78 events, 1 segment, 0 problems");
    }

    [Theory]
    [InlineData]
    [InlineData("--policy", "same.json")]
    public async Task Replay_CleanStop_IsNoError(params string[] policy)
    {
        _directory.Write("same.json", "{ }");
        var fold = new Fold();
        var header = RecordedRun.Header(fold.At(0, new PhaseEntered(Phase.Ready)).State);
        var record = new RecordingFold(fold);
        record.At(1, new PhaseEntered(Phase.Draining));
        record.At(2, new PhaseEntered(Phase.Stopped));
        File.WriteAllBytes(_directory.File("stop.jsonl"), RecordedRun.Record(header, record.Events));

        (await RunAsync(["replay", "stop.jsonl", .. policy])).ShouldBe(ExitCode.Ok);

        var phases = _console.Out.Lines.Where(line => line.StartsWith("2026-", StringComparison.Ordinal)).Skip(1)
            .Where(line => line.Contains(" phase ", StringComparison.Ordinal)).ToList();
        phases.ShouldContain(line => line.Contains("Draining", StringComparison.Ordinal));
        phases.ShouldContain(line => line.Contains("Stopped", StringComparison.Ordinal));
        phases.ShouldAllBe(line => !line.Contains("error", StringComparison.Ordinal));
        _console.Out.ToString().ShouldContain("at the end  stopped, 2026-01-01 00:00:02.000Z");
    }

    [Fact]
    public async Task Replay_WithAPolicy_TellsBothSideBySideAndMarksWhereTheyDiffer()
    {
        _directory.Write("longer.json", """{ "hold": "20s", /* the rest as it was */ }""");

        (await RunAsync("replay", Incident(), "--policy", "longer.json")).ShouldBe(ExitCode.Ok);

        var lines = _console.Out.Lines.Where(line => line.Contains("→", StringComparison.Ordinal)).ToList();
        lines.Count.ShouldBe(3);
        lines[0].ShouldMatch(@"^2026-01-01 00:00:05\.000Z   supervision  ok → error Crashed +ok → error Crashed$");
        lines[1].ShouldMatch(@"^2026-01-01 00:00:20\.000Z \* supervision  error → degraded RecentCrashes +\(error\)$");
        lines[2].ShouldMatch(@"^2026-01-01 00:00:25\.000Z \* supervision  \(degraded\) +error → degraded RecentCrashes$");
        _console.Out.ToString().ShouldContain("differing   2 rows, marked *");
    }

    [Theory]
    [InlineData("""{ "Health": { "Hold": "20s" } }""")]
    [InlineData("""{ "Cassini": { "Listener": { "Backlog": 3 }, "Health": { "Hold": "00:00:20" } } }""")]
    public async Task Replay_PolicyInASettingsFile_IsItsHealthSection(string json)
    {
        _directory.Write("p.json", json);

        (await RunAsync("replay", Incident(), "--policy", "p.json", "--json")).ShouldBe(ExitCode.Ok);

        Json("transition").Count(row => !row.GetProperty("same").GetBoolean()).ShouldBe(2);
    }

    [Fact]
    public async Task Replay_PolicyWithErrors_NamesThemAllAndWhatIsAllowed()
    {
        _directory.Write("p.json", """{ "Hold": 5, "Window": "1ms", "CrashLimt": 3, "CrashLimit": 0, "LeaveRatio": "much" }""");

        (await RunAsync("replay", Incident(), "--policy", "p.json")).ShouldBe(ExitCode.Error);

        var text = _console.Error.ToString();
        text.ShouldContain("settings of the policy are wrong:");
        text.ShouldContain("Health:Hold: '5' is not a duration such as 500ms");
        text.ShouldContain("Health:Window: 1ms is not allowed; allowed: 100ms to 10m (Window in p.json)");
        text.ShouldContain("Health:CrashLimt: there is no such setting (CrashLimt in p.json); did you mean Health:CrashLimit?");
        text.ShouldContain("Health:CrashLimit: 0 is not allowed; allowed: 1 to 10,000");
        text.ShouldContain("Health:LeaveRatio: 'much' is not a number");
    }

    [Theory]
    [InlineData("{", "p.json:1:2: is not JSON: ")]
    [InlineData("""{ "Cassini": { "Listener": {"Backlog": 3 } } }""", "p.json: has no section Cassini:Health")]
    [InlineData("", "p.json:1:1: is not JSON: it is empty")]
    [InlineData("[1, 2]", "p.json:1:1: is a list: expected an object of settings")]
    [InlineData("""{ "Hold": "1s", "hold": "2s" }""", "p.json:1:17: hold: is given twice, first at 1:3")]
    [InlineData("""{ "Health": 5 }""", "p.json:1:13: Health: is a number: expected an object of settings")]
    [InlineData(null, "p.json: no such file")]
    public async Task Replay_PolicyFileThatIsNone_Is2AndSaysWhy(string? json, string expected)
    {
        if (json is not null)
        {
            _directory.Write("p.json", json);
        }

        (await RunAsync("replay", Incident(), "--policy", "p.json")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith($"cassini: {expected}");
    }

    [Fact]
    public async Task Replay_APipe_IsRefusedBeforeItIsOpened()
    {
        var pipe = SpecialFile.MakePipe(_directory.File("pipe"));

        (await Eventually.CompletesAsync("it ends", RunAsync("replay", pipe))).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe([$"cassini: {pipe}: is a pipe: name '-' and give the record to standard input"]);
    }

    [Fact]
    public async Task Replay_PolicyThatIsADirectory_SaysSo()
    {
        (await RunAsync("replay", Incident(), "--policy", ".")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe(["cassini: .: is a directory, not a file"]);
    }

    [Fact]
    public async Task Replay_Json_IsOneObjectPerLine()
    {
        (await RunAsync("replay", Incident(), "--json")).ShouldBe(ExitCode.Ok);

        var crash = Json("transition")[0];
        crash.GetProperty("check").GetString().ShouldBe("supervision");
        crash.GetProperty("policy").ValueKind.ShouldBe(JsonValueKind.Null);
        var then = crash.GetProperty("then");
        then.GetProperty("elapsed").GetDecimal().ShouldBe(5);
        then.GetProperty("evidence")[0].GetProperty("type").GetString().ShouldBe("crashed");
        var summary = Json("summary").ShouldHaveSingleItem();
        summary.GetProperty("differences").GetInt64().ShouldBe(0);
        summary.GetProperty("then").GetProperty("secondsByStatus").GetProperty("error").GetDecimal().ShouldBe(15);
    }

    [Theory]
    [InlineData("10s", 1, "error")]
    [InlineData("2026-01-01T00:00:20Z", 2, "degraded")]
    [InlineData("2026-01-01 00:00:19.999Z", 1, "error")]
    [InlineData("0000019b76daa800-7", 1, "error")]
    [InlineData("0000019b76daa800-6", 0, "ok")]
    public async Task Replay_Until_StopsThere(string until, int transitions, string status)
    {
        (await RunAsync("replay", Incident(), "--until", until, "--json")).ShouldBe(ExitCode.Ok);

        Json("transition").Count.ShouldBe(transitions);
        Json("summary")[0].GetProperty("then").GetProperty("status").GetString().ShouldBe(status);
    }

    [Fact]
    public async Task Replay_DamagedRecord_NamesEachProblemWithItsLineAndGoesOn()
    {
        var lines = File.ReadAllLines(_directory.File(Incident())).ToList();
        lines[3] = "\u001b[2Jgarbage";
        lines.RemoveAt(10);
        File.WriteAllText(_directory.File("damaged.jsonl"), string.Join('\n', lines)[..^20]);

        (await RunAsync("replay", "damaged.jsonl")).ShouldBe(ExitCode.Ok);

        _console.Error.Lines.Select(line => line.Split(": ")[1]).ShouldBe(
            ["damaged.jsonl:4:1", "damaged.jsonl:5:1", "damaged.jsonl:11:1", $"damaged.jsonl:{lines.Count}:1"]);
        _console.Error.ToString().ShouldNotContain('\u001b');
        _console.Out.ToString().ShouldContain("4 problems");
    }

    [Fact]
    public async Task Replay_LineThatIsNoJson_NamesTheColumnAndNoPositionOfTheParser()
    {
        var lines = File.ReadAllLines(_directory.File(Incident())).ToList();
        lines[3] = """{"é": x}""";
        lines[4] = lines[4].Replace("\"elapsed\":", "\"elapsed\":!", StringComparison.Ordinal);
        File.WriteAllLines(_directory.File("damaged.jsonl"), lines);

        (await RunAsync("replay", "damaged.jsonl")).ShouldBe(ExitCode.Ok);

        _console.Error.Lines[0].ShouldStartWith("cassini: damaged.jsonl:4:7: not an event: ");
        _console.Error.Lines[1].ShouldStartWith("cassini: damaged.jsonl:5:");
        _console.Error.ToString().ShouldNotContain("BytePositionInLine");
        _console.Error.ToString().ShouldNotContain("LineNumber");
    }

    [Fact]
    public async Task Replay_HeaderThatCannotBeRead_NamesNoPositionOfTheParser()
    {
        var lines = File.ReadAllLines(_directory.File(Incident())).ToList();
        lines[0] = lines[0].Replace("\"policy\":{", "\"policy\":{\"Hold\":5,", StringComparison.Ordinal);
        File.WriteAllLines(_directory.File("damaged.jsonl"), lines);

        (await RunAsync("replay", "damaged.jsonl")).ShouldBe(ExitCode.Error);

        _console.Error.Lines[0].ShouldStartWith("cassini: damaged.jsonl:1:1: the header cannot be read: ");
        _console.Error.ToString().ShouldNotContain("BytePositionInLine");
    }

    [Theory]
    [InlineData("# a page\n\nof text\n", 1)]
    [InlineData("\n\n{ \"some\": \"json\" }\n[1]\n", 3)]
    [InlineData("no line end", 1)]
    public async Task Replay_SomethingElse_IsOneLine(string text, int line)
    {
        _directory.Write("other", text + string.Concat(Enumerable.Repeat("another line\n", 30)));

        (await RunAsync("replay", "other")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe([$"cassini: other:{line}:1: is no record: its first lines are neither a header nor events"]);
        _console.Out.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Replay_EndlessSomethingElse_Ends()
    {
        var endless = new Pipe();
        var context = _console.Context with { OpenIn = () => endless.Reader.AsStream() };
        var replaying = CommandLine.RunAsync(["replay", "-"], context, ReplayCommand.Create(context));

        await endless.Writer.WriteAsync(
            Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("y\n", 20))), TestContext.Current.CancellationToken);

        (await Eventually.CompletesAsync("it ends", replaying)).ShouldBe(ExitCode.Error);
        _console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith("cassini: standard input:1:1: is no record");
    }

    [Fact]
    public async Task Replay_GarbageBeforeTheHeader_IsReportedAndPassedOver()
    {
        var record = File.ReadAllText(_directory.File(Incident()));
        _directory.Write("late.jsonl", "garbage\n" + record);

        (await RunAsync("replay", "late.jsonl")).ShouldBe(ExitCode.Ok);

        _console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith("cassini: late.jsonl:1:1: not an event");
    }

    [Theory]
    [InlineData("nowhere.jsonl", "nowhere.jsonl: no such file")]
    [InlineData(".", ".: is a directory without a history: there is neither history.db nor history/history.db in it")]
    [InlineData("empty.jsonl", "empty.jsonl: there is no header that can be read: nothing to replay")]
    public async Task Replay_NothingToReplay_Is2(string file, string expected)
    {
        _directory.Write("empty.jsonl", "");

        (await RunAsync("replay", file)).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith($"cassini: {expected}");
    }

    [Fact]
    [StartsExecutable]
    public async Task Replay_StandardInput_IsReadByTheRealProgram()
    {
        await using var piped = ChildProcess.Paste($"{CassiniProcess.InShell} replay - --json < {Incident()}", _directory.Path);

        (await piped.ExitCodeAsync("it replays what is piped")).ShouldBe(ExitCode.Ok, piped.Error.ToString());
        await piped.Out.LineAsync("the summary", line => line.StartsWith("{\"type\":\"summary\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Replay_SilentStandardInput_EndsWithAnInterrupt()
    {
        var silent = new Pipe();
        var context = _console.Context with { OpenIn = () => silent.Reader.AsStream() };
        var replaying = CommandLine.RunAsync(["replay", "-"], context, ReplayCommand.Create(context));
        replaying.IsCompleted.ShouldBeFalse();

        await _console.InterruptAsync();

        (await Eventually.CompletesAsync("it ends", replaying)).ShouldBe(ExitCode.Interrupted);
    }

    [Theory]
    [InlineData("a\u001b[2Jb", @"a\u{1B}[2Jb")]
    [InlineData("\u202Etxt.exe", @"\u{202E}txt.exe")]
    [InlineData("\u2066x\u2069", @"\u{2066}x\u{2069}")]
    [InlineData("\u2028", @"\u{2028}")]
    [InlineData(null, "")]
    public void Text_OfARecord_IsHarmlessForATerminal(string? text, string expected) => Plain.Text(text).ShouldBe(expected);

    [Theory]
    [InlineData("2.03:04:05.678", "2d 3h 4m 5.678s")]
    [InlineData("00:01:00", "1m")]
    [InlineData("00:00:00", "0s")]
    public void Span_IsWrittenWithoutWhatIsZero(string span, string expected) =>
        Plain.Span(TimeSpan.Parse(span, System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(expected);

    /// <summary>A crash of one connection in the life of a broker that is well, 26 s of it.</summary>
    private string Incident()
    {
        var fold = new Fold().At(0, Bound()).At(1, new CanaryDisabled("none"))
            .At(1, Certificate(CertificateRole.Server, Fold.Start.AddYears(1)))
            .At(2, new PhaseEntered(Phase.Ready)).At(3.9, Heartbeat()).At(3.9, Probed()).Until(4);
        var header = RecordedRun.Header(fold.State);
        var record = new RecordingFold(fold);
        record.At(5, Crashed(ComponentKind.Connection));
        for (var second = 6; second <= 30; second++)
        {
            record.At(second, Heartbeat());
            record.At(second, Probed());
            record.At(second, new LoadSampled(0, 0, 0, 0));
        }

        File.WriteAllBytes(_directory.File("incident.jsonl"), RecordedRun.Record(header, record.Events));
        return "incident.jsonl";
    }

    private List<JsonElement> Json(string type) =>
        [.. _console.Out.Lines.Select(line => JsonDocument.Parse(line).RootElement).Where(
            line => line.GetProperty("type").GetString() == type)];

    private Task<int> RunAsync(params string[] args) =>
        CommandLine.RunAsync(args, _console.Context, ReplayCommand.Create(_console.Context));
}
