using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Cassini.Harness;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Health;
using Cassini.Tests.Feed;
using Cassini.Tests.Health;
using Cassini.Tests.Management;
using Cassini.Tests.Support;
using Cassini.Web.Cli;
using Cassini.Web.Cli.Watching;
using Microsoft.AspNetCore.Http;
using Spectre.Console;

namespace Cassini.Tests.Cli;

public sealed class WatchTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly TestConsole _console;

    public WatchTests() => _console = new TestConsole { WorkingDirectory = _directory.Path };

    public void Dispose()
    {
        _console.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Watch_NoTerminal_IsOneJsonLineForEachNote()
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.Feed(
            FeedText.Health(), Task.CompletedTask,
            FeedText.Event(11, new TopicCreated("a")) + FeedText.Heartbeat(11) + FeedText.Transition(12, ready: false)));
        var watching = RunAsync(server.Url);
        await _console.Out.LineAsync("the transition", line => line.StartsWith(
            """{"note":"transition","event":{"id":"0000019a5c3e7f10-12",""", StringComparison.Ordinal));

        await _console.InterruptAsync();

        (await Eventually.CompletesAsync("the end", watching)).ShouldBe(ExitCode.Interrupted);
        var notes = _console.Out.Lines.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        notes.Select(note => note.GetProperty("note").GetString()).ShouldBe(["snapshot", "event", "transition"]);
        notes[0].GetProperty("ready").GetBoolean().ShouldBeTrue();
        notes[0].GetProperty("health").GetProperty("status").GetString().ShouldBe("ok");
    }

    [Fact]
    public async Task Watch_NothingListens_ReportsItOnceAndGoesOn()
    {
        var port = FreePort.Find();
        var watching = RunAsync($"http://127.0.0.1:{port}");
        await _console.Out.LineAsync("the loss", line => line.Contains("\"reason\":\"unreachable\"", StringComparison.Ordinal));

        await using var server = await FakeManagement.StartAsync(FakeManagement.Feed(FeedText.Health()), port);
        await _console.Out.LineAsync("the health", line => line.Contains("\"note\":\"snapshot\"", StringComparison.Ordinal));
        await _console.InterruptAsync();

        (await Eventually.CompletesAsync("the end", watching)).ShouldBe(ExitCode.Interrupted);
        _console.Out.Lines.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Watch_OutputThatIsTooSlow_HoldsUpNoFeedAndBeginsAnew()
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var again = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await FakeManagement.StartAsync(async context =>
        {
            if (left.Task.IsCompleted)
            {
                again.TrySetResult();
                await FakeManagement.Feed(FeedText.Health(through: 77))(context);
                return;
            }

            context.RequestAborted.Register(() => left.TrySetResult());
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync(FeedText.Snapshot(FeedText.Health()), context.RequestAborted);
            for (var sequence = 11L; ; sequence++)
            {
                await context.Response.WriteAsync(FeedText.Event(sequence, new TopicCreated("a")), context.RequestAborted);
            }
        });
        using var output = new HeldWriter(_console.Out);
        var context = _console.Context with { Out = output };
        var watching = Task.Run(
            () => CommandLine.RunAsync(["watch", server.Url], context, WatchCommand.Create(context)),
            TestContext.Current.CancellationToken);

        await Eventually.CompletesAsync("the feed is left", left.Task);
        output.Release();

        await Eventually.CompletesAsync("the feed is opened again", again.Task);
        await _console.Out.LineAsync("the state is shown anew", line => line.Contains("\"revision\":77", StringComparison.Ordinal));
        _console.Error.Lines.ShouldHaveSingleItem().ShouldContain("notes behind; the feed is opened again, and events are missing");
        await _console.InterruptAsync();
        (await Eventually.CompletesAsync("the end", watching)).ShouldBe(ExitCode.Interrupted);
    }

    [Fact]
    public async Task Watch_RecordThatIsThereAlready_IsNotOverwritten()
    {
        await File.WriteAllTextAsync(_directory.File("old.jsonl"), "precious", TestContext.Current.CancellationToken);

        (await RunAsync("http://127.0.0.1:1", "--record", "old.jsonl")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe([$"cassini: --record: {_directory.File("old.jsonl")}: exists already"]);
        (await File.ReadAllTextAsync(_directory.File("old.jsonl"), TestContext.Current.CancellationToken)).ShouldBe("precious");
    }

    [Fact]
    public async Task Watch_RecordThatIsADirectory_SaysSo()
    {
        (await RunAsync("http://127.0.0.1:1", "--record", _directory.Path)).ShouldBe(ExitCode.Error);
        (await RunAsync("http://127.0.0.1:1", "--record", "none/new.jsonl")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe(
        [
            $"cassini: --record: {_directory.Path}: is a directory, not a file",
            $"cassini: --record: {_directory.File("none/new.jsonl")}: its directory does not exist",
        ]);
    }

    [Theory]
    [InlineData(404, "", "it answers 404")]
    [InlineData(200, "", "it answers, but not as Cassini does")]
    [InlineData(200, "{}", "it answers, but not as Cassini does")]
    [InlineData(200, """{ "epoch": 1 }""", "it answers, but not as Cassini does")]
    public async Task Watch_StateThatCannotBeRecorded_SaysWhy(int status, string state, string why)
    {
        var feed = FakeManagement.Feed(FeedText.Health());
        await using var server = await FakeManagement.StartAsync(async context =>
        {
            if (context.Request.Path == "/events")
            {
                await feed(context);
                return;
            }

            context.Response.StatusCode = status;
            await context.Response.WriteAsync(state, context.RequestAborted);
        });
        var watching = RunAsync(server.Url, "--record", "incident.jsonl");

        await _console.Error.LineAsync("the problem", line => line.EndsWith(
            $": nothing is recorded until the broker's state can be read ({why})", StringComparison.Ordinal));
        await _console.InterruptAsync();

        (await Eventually.CompletesAsync("the end", watching)).ShouldBe(ExitCode.Interrupted);
    }

    [Fact]
    public async Task Watch_NothingWasRecorded_LeavesNoFile()
    {
        var watching = RunAsync($"http://127.0.0.1:{FreePort.Find()}", "--record", "incident.jsonl");
        await _console.Out.LineAsync("the loss", line => line.Contains("\"reason\":\"unreachable\"", StringComparison.Ordinal));
        File.Exists(_directory.File("incident.jsonl")).ShouldBeTrue();

        await _console.InterruptAsync();

        (await Eventually.CompletesAsync("the end", watching)).ShouldBe(ExitCode.Interrupted);
        File.Exists(_directory.File("incident.jsonl")).ShouldBeFalse();
    }

    [Fact]
    [StartsExecutable]
    public async Task Watch_RecordThroughACrashAndARestart_ReplaysToWhatWasSaidThen()
    {
        var port = FreePort.Find();
        string[] args = ["--bind", "127.0.0.1:0", "--management", $"127.0.0.1:{port}", "--enable-faults"];
        Task<int> watching;
        await using (var first = CassiniProcess.Start(_directory.Path, args))
        {
            watching = RunAsync(await first.ManagementAsync(), "--record", "incident.jsonl");
            await _console.Out.LineAsync("it is ready", line => line.Contains("\"ready\":true", StringComparison.Ordinal));
            using var http = new HttpClient();
            using var accepted = await http.PostAsync(
                $"http://127.0.0.1:{port}/faults/crash-manager", null, TestContext.Current.CancellationToken);
            await _console.Out.LineAsync("the crash", line => line.Contains("\"reason\":\"Crashed\"", StringComparison.Ordinal));
            first.Signal(ChildProcess.Terminate);
            (await first.ExitCodeAsync("it stops")).ShouldBe(ExitCode.Ok);
        }

        await using (var second = CassiniProcess.Start(_directory.Path, args))
        {
            await _console.Out.LineAsync("the next run", line => line.StartsWith("{\"note\":\"restarted\"", StringComparison.Ordinal));
            var lines = _console.Out.Lines.Count;
            await Eventually.HoldsAsync("it goes on", () => _console.Out.Lines.Count > lines);
            await _console.InterruptAsync();
            (await Eventually.CompletesAsync("the end", watching)).ShouldBe(ExitCode.Interrupted);
        }

        using var replay = new TestConsole { WorkingDirectory = _directory.Path };
        (await CommandLine.RunAsync(["replay", "incident.jsonl"], replay.Context, ReplayCommand.Create(replay.Context)))
            .ShouldBe(ExitCode.Ok);

        replay.Error.Lines.ShouldBeEmpty();
        var text = replay.Out.ToString();
        text.ShouldMatch("supervision +ok +→ +error +CoreDown");
        text.ShouldContain("2 segments");
    }

    [Fact]
    public void Screen_AnIncident_IsShownInAsManyLinesAsTheTerminalHas()
    {
        var model = WatchModel.Of(new FeedSnapshot(FeedText.Health(), false, false));
        for (var i = 0; i < 300; i++)
        {
            model = model.Apply(new FeedEvent(FeedText.Health(), Envelope(i, new TopicCreated($"topic/{i}\u001b[2J"))));
        }

        var text = Draw(model, 20);

        text.Count.ShouldBeLessThanOrEqualTo(20);
        text[0].ShouldStartWith(" OK  cassini ready");
        text[^1].ShouldContain(@"topic/299\u{1B}[2J");
        text.ShouldAllBe(line => line.Length <= 100 && !line.Contains('\u001b'));
    }

    [Fact]
    public void Screen_BrokerWithAName_SaysItAndWhereItIs() =>
        Draw(WatchModel.Of(new FeedSnapshot(FeedText.Health() with { Name = "shop-1\u202e" }, false, false)), 20)[0]
            .ShouldStartWith(@" OK  shop-1\u{202E} at cassini ready");

    [Fact]
    public void Screen_LineThatIsTooLong_IsCutBetweenTwoCharacters()
    {
        for (var before = 0; before < 2; before++)
        {
            var topic = new string('a', before) + string.Concat(Enumerable.Repeat("😀", 200));
            var model = WatchModel.Of(new FeedSnapshot(FeedText.Health(), false, false));

            Draw(model.Apply(new FeedEvent(FeedText.Health(), Envelope(1, new TopicCreated(topic)))), 20)
                .ShouldAllBe(line => line.EnumerateRunes().All(rune => rune != System.Text.Rune.ReplacementChar));
        }
    }

    [Fact]
    public void Screen_ForeignText_IsHarmless()
    {
        var health = FeedText.Health() with
        {
            Version = "1\u202E",
            Endpoints = [new EndpointHealth("127.0.0.1:8883\u202E", EndpointState.Bound, DateTimeOffset.UnixEpoch, "odd\u202E")],
        };

        Draw(WatchModel.Of(new FeedSnapshot(health, false, false)), 20).ShouldAllBe(line => !line.Contains('\u202E'));
    }

    [Fact]
    public async Task Watch_ReasonOfARefusal_IsHarmless()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var watching = RunAsync($"http://{listener.LocalEndpoint}");
        using var client = await Eventually.CompletesAsync(
            "the feed is asked for", listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken).AsTask());
        await client.GetStream().WriteAsync(
            Encoding.Latin1.GetBytes("HTTP/1.1 401 no\u009b2J\r\nContent-Length: 0\r\n\r\n"), TestContext.Current.CancellationToken);

        (await Eventually.CompletesAsync("the end", watching)).ShouldBe(ExitCode.Error);
        _console.Error.Lines.ShouldHaveSingleItem().ShouldEndWith(
            "asks for credentials, and none were given (401 no\\u{9B}2J): give --token-file FILE or "
            + "CASSINI_MANAGEMENT_TOKEN_FILE, or --cert and --key for https");
    }

    [Fact]
    public void Screen_FeedLost_ShowsNoOldGoodWord()
    {
        var model = WatchModel.Of(new FeedSnapshot(FeedText.Health(), false, false));
        var unknown = FeedText.Health(ready: false, status: HealthStatus.Unknown);
        model = model.Apply(new FeedLost(unknown, FeedLoss.Silent, "has been silent for 10 s", TimeSpan.Zero));

        var text = Draw(model, 20);

        text[0].ShouldBe(" UNKNOWN  cassini has been silent for 10 s");
        text.ShouldNotContain(line => line.StartsWith("ok ", StringComparison.Ordinal));
    }

    [Fact]
    public void Screen_CleanStop_IsNoErrorAndNoLoss()
    {
        var health = FeedText.Health();
        var model = WatchModel.Of(new FeedSnapshot(health, false, false));
        var check = new HealthChanged(
            CheckNames.Phase, HealthStatus.Degraded, HealthStatus.Error, Reasons.Stopped, "stopped", [], TimeSpan.Zero,
            HealthStatus.Error, false, true, 12);
        model = model.Apply(new FeedEvent(health with { Phase = Phase.Stopped }, Envelope(11, check)));
        var gone = FeedText.Health(ready: false, status: HealthStatus.Unknown) with { Phase = Phase.Stopped };
        model = model.Apply(new FeedLost(gone, FeedLoss.Stopped, "has stopped", TimeSpan.Zero));
        model = model.Apply(new FeedLost(gone, FeedLoss.Unreachable, "not reachable", TimeSpan.Zero));

        var text = Draw(model, 20);

        text[0].ShouldStartWith(" STOPPED  cassini");
        text.ShouldContain(line => line.EndsWith("healthChanged      phase Stopped: stopped", StringComparison.Ordinal));
        text[^1].ShouldEndWith("stopped            the broker was stopped");
        text.ShouldAllBe(line => !line.Contains("error", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Screen_FloodOfEvents_KeepsTheChangesOfHealth()
    {
        var model = WatchModel.Of(new FeedSnapshot(FeedText.Health(), false, false));
        for (var i = 0; i < 7; i++)
        {
            model = model.Apply(new FeedEvent(FeedText.Health(), Envelope(i, Change($"Reason{i}"))));
        }

        for (var i = 10; i < 300; i++)
        {
            model = model.Apply(new FeedEvent(FeedText.Health(), Envelope(i, new TopicCreated($"topic/{i}"))));
        }

        var text = Draw(model, 24);

        text.Count.ShouldBeLessThanOrEqualTo(24);
        text.Where(line => line.Contains("healthChanged", StringComparison.Ordinal)).Select(line => line.Split("Reason")[1][..1])
            .ShouldBe(["2", "3", "4", "5", "6"]);
        text.ShouldContain(line => line.Contains("Ctrl-C ends", StringComparison.Ordinal));
        text[^1].ShouldEndWith("topic=topic/299");
        Draw(model, 12).Count(line => line.Contains("healthChanged", StringComparison.Ordinal)).ShouldBeInRange(1, 4);
    }

    [Fact]
    public void Screen_SamplesOfTheLoad_ShowMessagesPerSecond()
    {
        var health = FeedText.Health() with { Epoch = $"{new Epoch(1)}" };
        var model = WatchModel.Of(new FeedSnapshot(health, false, false));
        model = model.Apply(new FeedEvent(health, Envelope(1, Load(received: 100, sent: 1_000))));
        model = model.Apply(new FeedEvent(health, Envelope(2, Load(received: 350, sent: 3_500))));

        Draw(model, 20)[2].ShouldBe("in 250 messages/s, 0 B/s  out 2,500 messages/s, 0 B/s");
    }

    [Fact]
    public void Screen_SampleOfTheProcess_ShowsMemoryAndProcessorShare()
    {
        var model = WatchModel.Of(new FeedSnapshot(FeedText.Health() with { Epoch = $"{new Epoch(1)}" }, false, false));
        var load = Load(0, 0, new ProcessLoad(140_200_000, 0, 0.123, 2, 21, 0));
        model = model.Apply(new FeedEvent(model.Health, Envelope(1, load)));

        Draw(model, 20)[2].ShouldEndWith("memory 140.2 MB  cpu 12.3 % of 2 cores");
    }

    [Fact]
    public void Screen_WithTypes_ShowsTheirEventsAndAlwaysHealth()
    {
        var model = WatchModel.Of(new FeedSnapshot(FeedText.Health(), false, false), [EventCategory.Session]);
        model = model.Apply(new FeedEvent(FeedText.Health(), Envelope(1, new TopicCreated("a"))));
        model = model.Apply(new FeedEvent(FeedText.Health(), Envelope(2, new SessionEnded("c", SessionEndReason.Expired))));
        model = model.Apply(new FeedEvent(FeedText.Health(), Envelope(3, Change("Reason"))));

        var text = Draw(model, 20);

        text.ShouldNotContain(line => line.Contains("topicCreated", StringComparison.Ordinal));
        text.ShouldContain(line => line.Contains("sessionEnded", StringComparison.Ordinal));
        text.ShouldContain(line => line.Contains("healthChanged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Watch_WithTypes_AsksForTheseAndWritesNoOthers()
    {
        string? asked = null;
        var feed = FakeManagement.Feed(
            FeedText.Health(), Task.CompletedTask,
            FeedText.Transition(11, ready: false) + FeedText.Event(12, new TopicCreated("a")));
        await using var server = await FakeManagement.StartAsync(context =>
        {
            asked ??= context.Request.QueryString.Value;
            return feed(context);
        });
        var watching = RunAsync(server.Url, "--types", "topic,session", "--types", "load");
        await _console.Out.LineAsync("the event", line => line.Contains("topicCreated", StringComparison.Ordinal));

        await _console.InterruptAsync();

        (await Eventually.CompletesAsync("the end", watching)).ShouldBe(ExitCode.Interrupted);
        Uri.UnescapeDataString(asked.ShouldNotBeNull()).ShouldContain("session");
        asked.ShouldNotContain("certificate");
        _console.Out.Lines.ShouldNotContain(line => line.Contains("healthChanged", StringComparison.Ordinal));
    }

    /// <summary>What is shown is chosen; a record of a part of the events would replay to another health.</summary>
    [Fact]
    public async Task Watch_WithTypesAndARecord_RecordsEverything()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var watching = RunAsync($"{rig.Address}", "--types", "session", "--record", "incident.jsonl");
        await _console.Out.LineAsync("the state", line => line.Contains("\"note\":\"snapshot\"", StringComparison.Ordinal));
        rig.Publish(
            new TopicCreated("home/kitchen"),
            new LoadSampled(7, 0, 0, 0) { Process = new ProcessLoad(9_000, 8_000, 0.25, 4, 21, 0.001) },
            Happened.Heartbeat(),
            new SessionEnded("c", SessionEndReason.Expired));
        await _console.Out.LineAsync("the session", line => line.Contains("sessionEnded", StringComparison.Ordinal));

        await _console.InterruptAsync();

        (await Eventually.CompletesAsync("the end", watching)).ShouldBe(ExitCode.Interrupted);
        _console.Out.Lines.ShouldNotContain(line => line.Contains("topicCreated", StringComparison.Ordinal));
        var recorded = await File.ReadAllLinesAsync(_directory.File("incident.jsonl"), TestContext.Current.CancellationToken);
        recorded[0].ShouldStartWith("{\"format\":\"cassini-record\"");
        recorded[1..].Select(line => JsonDocument.Parse(line).RootElement.GetProperty("type").GetString())
            .ShouldBe(["topicCreated", "loadSampled", "heartbeatReceived", "sessionEnded"]);
        recorded[2].ShouldContain("\"process\":{\"memory\":9000,\"heap\":8000,\"cpu\":0.25,\"cores\":4,\"threads\":21,\"gcPause\":0.001}");
    }

    [Fact]
    public async Task Watch_UnknownType_Is64()
    {
        (await RunAsync("http://127.0.0.1:1", "--types", "health,sesion")).ShouldBe(ExitCode.Usage);

        _console.Error.Lines[0].ShouldStartWith("cassini: --types: 'sesion' is not one of listener, connection, session");
        _console.Error.Lines[0].ShouldEndWith("did you mean 'session'?");
    }

    private static HealthChanged Change(string reason) => new(
        CheckNames.Backlog, HealthStatus.Ok, HealthStatus.Degraded, reason, "m", [], TimeSpan.Zero, HealthStatus.Degraded, true, true, 12);

    private static LoadSampled Load(long received, long sent, ProcessLoad? process = null) =>
        new(0, 0, 0, 0) { MessagesReceived = received, MessagesSent = sent, Process = process };

    private static EventEnvelope Envelope(long sequence, BrokerEvent happened) =>
        new(new Epoch(1), sequence, DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(sequence), happened);

    private static List<string> Draw(WatchModel model, int height)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 100;
        console.Write(new WatchScreen("cassini", EventTypes.All, console, TimeProvider.System).Draw(model, height));
        return [.. text.ToString().TrimEnd().Split('\n').Select(line => line.TrimEnd())];
    }

    /// <summary>Takes its first line only when it is released.</summary>
    private sealed class HeldWriter(TextWriter inner) : StringWriter
    {
        private readonly ManualResetEventSlim _released = new();

        public void Release() => _released.Set();

        public override void WriteLine(string? value)
        {
            _released.Wait(TestContext.Current.CancellationToken);
            inner.WriteLine(value);
        }

        protected override void Dispose(bool disposing)
        {
            _released.Set();
            base.Dispose(disposing);
        }
    }

    private Task<int> RunAsync(params string[] args) =>
        CommandLine.RunAsync(["watch", .. args], _console.Context, WatchCommand.Create(_console.Context));
}
