using System.Text.Json;
using Cassini.Harness;
using Cassini.Harness.Health;
using Cassini.Harness.Results;
using Cassini.Harness.Views;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using Cassini.Web.Cli;
using Cassini.Web.Cli.Context;
using Spectre.Console;

namespace Cassini.Tests.Harness;

/// <summary>Runs whose output cannot be written, as on a full disk.</summary>
public class RunOutputTests
{
    [Theory]
    [InlineData]
    [InlineData("--json")]
    public async Task Run_OutputOnAFullDisk_IsAnErrorAndTheReportsAreWritten(params string[] more)
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(PlanText.Publisher, "");
        await using var full = Full();
        var context = rig.Console.Context with { Out = full, Error = TextWriter.Null };
        string[] args = ["run", plan, "--report", rig.File("report.json"), "--junit", rig.File("report.xml"), .. more];

        var code = await RunAsync(context, args);

        code.ShouldBe(ExitCode.Error);
        var report = JsonDocument.Parse(await File.ReadAllTextAsync(rig.File("report.json"), TestContext.Current.CancellationToken));
        (report.RootElement.GetProperty("message").GetString() ?? "").ShouldStartWith(
            more.Length == 0 ? "the output cannot be written: " : ""); // With --json the progress goes elsewhere.
        File.Exists(rig.File("report.xml")).ShouldBeTrue();
    }

    [Fact]
    public async Task Worker_WithItsOutputOnAFullDisk_IsAnError()
    {
        await using var rig = await HarnessRig.StartAsync();
        using var end = new OutputEnd(rig.Console);
        await using var disk = FullDisk();
        await using var stream = new StandardStream((int)disk.SafeFileHandle.DangerousGetHandle(), end);
        await using var full = new StreamWriter(stream) { AutoFlush = true };
        var context = rig.Console.Context with { Out = full, OutputEnd = end, Signals = end };
        string[] args =
        [
            "run", "--role", "subscriber", "--join", $"127.0.0.1:{FreePort.Find()}", "--ca", rig.File("ca.pem"),
            "--cert", rig.File("client.pem"), "--key", rig.File("client.key"),
        ];

        var code = await RunAsync(context, args);

        code.ShouldBe(ExitCode.Error);
        rig.Console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith("cassini: standard output cannot be written: ");
    }

    [Fact]
    public async Task PlainView_WhoseTimerCannotWrite_ReportsIt()
    {
        var time = new VirtualClock();
        var output = new Disk();
        var view = new PlainView(output, time.Time);
        var failures = new List<string>();
        view.Failed += failure => failures.Add(failure.Message);
        view.Begin(Counts());
        output.IsFull = true;

        time.AdvanceBy(TimeSpan.FromSeconds(5));

        failures.ShouldBe([Disk.Words]);
        output.IsFull = false;
        await view.EndAsync();
    }

    [Fact]
    public void BarView_ThatCannotWrite_ReportsIt()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(new Disk { IsFull = true }) });
        var view = new BarView(console, TimeProvider.System);
        var failures = new List<string>();
        view.Failed += failure => failures.Add(failure.Message);

        view.Say("a line");

        failures.ShouldBe([Disk.Words]);
    }

    /// <summary>On the library's own refresh thread it would end the process.</summary>
    [Fact]
    public async Task BarView_ThatCannotRefresh_ReportsItAndEnds()
    {
        var time = new VirtualClock();
        var output = new Disk();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(output),
        });
        var view = new BarView(console, time.Time);
        var failures = new List<string>();
        view.Failed += failure => failures.Add(failure.Message);
        view.Begin(Counts());
        output.IsFull = true;

        await Eventually.HoldsAsync("the failure is reported", () =>
        {
            time.AdvanceBy(TimeSpan.FromMilliseconds(100));
            return failures.Count > 0;
        });

        failures.ShouldBe([Disk.Words]);
        await Eventually.CompletesAsync("the end", view.EndAsync());
    }

    private static Task<int> RunAsync(CliContext context, string[] args) => Eventually.CompletesAsync(
        "the run ends",
        CommandLine.RunAsync(args, context, RunCommand.Create(context, FeedBrokerHealth.Factory(TimeProvider.System))),
        HarnessRig.Patience);

    private static TestCounts Counts()
    {
        var plan = PlanText.Good(PlanText.With());
        return new TestCounts(plan.Tests[0], []);
    }

    private static StreamWriter Full() => new(FullDisk()) { AutoFlush = true };

    private static FileStream FullDisk() => new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);

    /// <summary>An output on a disk that may be full.</summary>
    private sealed class Disk : StringWriter
    {
        public const string Words = "No space left on device";

        public bool IsFull { get; set; }

        public override void Write(char value) => Accept();

        public override void Write(char[] buffer, int index, int count) => Accept();

        public override void Write(ReadOnlySpan<char> buffer) => Accept();

        public override void Write(string? value) => Accept();

        public override void WriteLine(string? value) => Accept();

        private void Accept()
        {
            if (IsFull)
            {
                throw new IOException(Words);
            }
        }
    }
}
