using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using Cassini.Harness;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Verdicts;
using Cassini.Harness.Workers;
using Cassini.Streams.Primitives;
using Cassini.Tests.Cli;
using Cassini.Tests.Interop;
using Cassini.Tests.Support;
using Grpc.Core;

namespace Cassini.Tests.Harness;

/// <summary>Workers in real processes, joined over mutual TLS.</summary>
public class WorkerTests
{
    private const int Kill = 9;
    private const int Halt = 19; // SIGSTOP

    [Fact]
    [StartsExecutable]
    public async Task Workers_ThatJoin_RunTheTests()
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(
            """
            { "name": "p", "topic": "t/1", "messages": 500 },
            { "name": "q", "topic": "t/2", "messages": 500 },
            { "name": "r", "topic": "t/3", "messages": 500 }
            """,
            """
            { "name": "s", "topic": "t/+",
              "expect": { "atLeast": 1500, "noLoss": true, "noDuplicates": true, "orderPerKey": true } }
            """);
        var run = rig.ReportAsync(plan, Controller(rig, "publisher=2,subscriber=1"));
        var port = await PortAsync(rig);
        await using var one = Worker(rig, port, "publisher", "one");
        await using var two = Worker(rig, port, "publisher", "two");
        await using var three = Worker(rig, port, "subscriber", "three");

        var (code, report) = await run;

        code.ShouldBe(ExitCode.Ok, $"{rig.Console.Out}\n{rig.Console.Error}");
        var test = report.GetProperty("tests")[0];
        test.GetProperty("publishers").EnumerateArray().Select(publisher => publisher.GetProperty("worker").GetString()).Distinct().Order()
            .ShouldBe(["one", "two"]);
        test.GetProperty("subscribers")[0].GetProperty("worker").GetString().ShouldBe("three");
        test.GetProperty("subscribers")[0].GetProperty("unique").GetInt64().ShouldBe(1500);
        foreach (var worker in new[] { one, two, three })
        {
            (await worker.ExitCodeAsync("the worker ends")).ShouldBe(ExitCode.Ok, worker.Error.ToString());
            worker.Out.ToString().ShouldContain("the run is over");
        }
    }

    [Fact]
    [StartsExecutable]
    public async Task Worker_KilledInMidRun_IsNamedAndEndsTheRunWith6()
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(
            """{ "name": "p", "topic": "t", "duration": "1h", "pattern": { "drip": { "idle": "5ms" } } }""",
            """{ "name": "s", "topic": "t" }""");
        var run = rig.ReportAsync(plan, Controller(rig, "subscriber=1"));
        await using var worker = Worker(rig, await PortAsync(rig), "subscriber", "victim");
        await rig.Console.Out.LineAsync(
            "the test begins", line => line.Contains("test orders begins", StringComparison.Ordinal), HarnessRig.Patience);
        await worker.Out.LineAsync(
            "the worker has its order", line => line.StartsWith("test 1", StringComparison.Ordinal), HarnessRig.Patience);

        worker.Signal(Kill);

        var (code, report) = await run;
        code.ShouldBe(ExitCode.WorkerLost, rig.Console.Out.ToString());
        report.GetProperty("message").GetString().ShouldStartWith("worker victim (subscriber) is lost: its connection ");
        report.GetProperty("workers")[0].GetProperty("lost").GetString().ShouldNotBeNullOrEmpty();
        report.GetProperty("tests")[0].GetProperty("publishers")[0].GetProperty("worker").GetString().ShouldBe("controller");
    }

    [Fact]
    [StartsExecutable]
    public async Task Worker_ThatFallsSilent_IsFoundDeadAndEndsTheRunWith6()
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(
            """{ "name": "p", "topic": "t", "duration": "1h", "pattern": { "drip": { "idle": "5ms" } } }""",
            """{ "name": "s", "topic": "t" }""");
        var run = rig.ReportAsync(plan, Controller(rig, "subscriber=1"));
        await using var worker = Worker(rig, await PortAsync(rig), "subscriber", "victim");
        await worker.Out.LineAsync(
            "the worker has its order", line => line.StartsWith("test 1", StringComparison.Ordinal), HarnessRig.Patience);

        worker.Signal(Halt);

        var (code, report) = await run;
        worker.Signal(Kill);
        code.ShouldBe(ExitCode.WorkerLost, rig.Console.Out.ToString());
        report.GetProperty("message").GetString().ShouldStartWith("worker victim (subscriber) is lost: its connection ");
        report.GetProperty("message").GetString().ShouldEndWith(" after its last message");
    }

    [Fact]
    public async Task Worker_StartedBeforeItsController_JoinsItWhenItListens()
    {
        using var files = new WorkerFiles();
        var address = new HostPort("127.0.0.1", FreePort.Find());
        var lines = new ConcurrentQueue<string>();
        var session = new WorkerSession(WorkerRole.Subscriber, "w", files.Client, files.Client, lines.Enqueue, TimeProvider.System)
            .RunAsync(address, CancellationToken.None);
        await Eventually.HoldsAsync("the worker waits", () => !lines.IsEmpty);

        await using var hub = await files.HubAsync(subscribers: 1, address.Port);

        await Eventually.HoldsAsync("the worker joins", () => hub.Workers.Count == 1);
        await hub.DisposeAsync();
        await Eventually.CompletesAsync("the session ends", session);
        lines.First().ShouldBe($"waiting for the controller at {address}: connection refused");
    }

    [Fact]
    public async Task Worker_StoppedWhileItConnects_ReportsAndTakesTheNextOrder()
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);
        var session = files.Session(WorkerRole.Subscriber, "w").RunAsync(files.AddressOf(hub), CancellationToken.None);
        await Eventually.HoldsAsync("the worker joins", () => hub.Workers.Count == 1);
        var worker = hub.Workers[0];
        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        using var stop = new CancellationTokenSource();
        var preparing = worker.PrepareAsync(files.OrderFor(silent, test: 0), stop.Token);
        using var connection = await Eventually.CompletesAsync(
            "the worker connects", silent.AcceptTcpClientAsync(TestContext.Current.CancellationToken).AsTask());

        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(Eventually.CompletesAsync("the preparation ends", preparing));
        await Eventually.CompletesAsync("the worker stops", worker.StopAsync());

        worker.LostBecause.ShouldBeNull();
        silent.Stop();
        (await Should.ThrowAsync<HarnessException>(
            Eventually.CompletesAsync("the next order", worker.PrepareAsync(files.OrderFor(silent, test: 1), CancellationToken.None))))
            .Message.ShouldMatch("^worker w: broker main at .*: connection refused$");
        await hub.DisposeAsync();
        await Eventually.CompletesAsync("the session ends", session);
    }

    /// <summary>No connection brings this about: MQTTnet does not know the QoS.</summary>
    [Fact]
    public async Task Worker_WithADefect_ReportsItWithItsStack()
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);
        await using var broker = await MqttHost.StartAsync();
        var session = files.SessionFor(broker).RunAsync(files.AddressOf(hub), CancellationToken.None);
        await Eventually.HoldsAsync("the worker joins", () => hub.Workers.Count == 1);
        var worker = hub.Workers[0];
        await Eventually.CompletesAsync("the worker is ready", worker.PrepareAsync(
            new LoadOrder(
                new LoadRun(1, 1, 0), WorkerFiles.AddressOf(broker),
                [new PlanPublisher { Index = 0, Name = "p", Topic = "t", Messages = 10, Qos = 3 }], []),
            CancellationToken.None));

        var failure = await Should.ThrowAsync<HarnessException>(Eventually.CompletesAsync("the order fails", worker.Start()));

        failure.Message.ShouldStartWith("worker w: unexpected: System.NotSupportedException: ");
        failure.Message.ShouldContain("PublisherClient.CompleteAsync");
        await hub.DisposeAsync();
        await Eventually.CompletesAsync("the session ends", session);
    }

    [Fact]
    public async Task Hub_DisposedWhileAWorkerReportsProgress_EndsTheWorkerWithoutAnError()
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);
        await using var broker = await MqttHost.StartAsync();
        var session = files.SessionFor(broker).RunAsync(files.AddressOf(hub), CancellationToken.None);
        await Eventually.HoldsAsync("the worker joins", () => hub.Workers.Count == 1);
        var worker = hub.Workers[0];
        await Eventually.CompletesAsync("the worker is ready", worker.PrepareAsync(
            new LoadOrder(
                new LoadRun(1, 1, 0), WorkerFiles.AddressOf(broker),
                [], [new PlanSubscriber { Index = 0, Name = "s", Topic = "t" }]),
            CancellationToken.None));
        _ = worker.Start(); // Ends only if the last report arrives in time.
        await Eventually.HoldsAsync("progress arrives", () => worker.Report.Subscribers.Count == 1);

        await hub.DisposeAsync();

        await Eventually.CompletesAsync("the session ends", session);
        worker.LostBecause.ShouldBeNull();
    }

    [Fact]
    public async Task Worker_WhoseControllerIsNoTls_ReportsIt()
    {
        using var files = new WorkerFiles();
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var session = files.Session(WorkerRole.Subscriber, "w")
            .RunAsync(new HostPort("127.0.0.1", ((System.Net.IPEndPoint)listener.LocalEndpoint).Port), CancellationToken.None);
        using (var client = await Eventually.CompletesAsync(
            "the worker connects", listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken).AsTask()))
        {
            await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        }

        (await Should.ThrowAsync<HarnessException>(Eventually.CompletesAsync("the session ends", session)))
            .Message.ShouldStartWith($"the controller at {listener.LocalEndpoint} cannot be joined: ");
    }

    [Fact]
    public async Task Hub_AddressInUse_IsNamed()
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);

        (await Should.ThrowAsync<HarnessException>(files.HubAsync(subscribers: 1, hub.Address.Port)))
            .Message.ShouldBe($"--listen {hub.Address}: address already in use");
    }

    [Fact]
    public async Task Worker_WhoseRunIsOver_Ends()
    {
        using var files = new WorkerFiles();
        var hub = await files.HubAsync(subscribers: 1);
        var session = files.Session(WorkerRole.Subscriber, "w").RunAsync(files.AddressOf(hub), CancellationToken.None);
        await Eventually.HoldsAsync("the worker joins", () => hub.Workers.Count == 1);

        await hub.DisposeAsync();

        await Eventually.CompletesAsync("the worker ends", session);
    }

    [Theory]
    [InlineData("publisher", "w", "no further publisher is wanted")]
    [InlineData("subscriber", "first", "there is a worker 'first' already")]
    [InlineData("subscriber", "a b", "a worker's name has 1 to 64 letters")]
    public async Task Worker_NotWanted_IsRefusedWithTheReason(string role, string name, string expected)
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 2);
        var first = files.Session(WorkerRole.Subscriber, "first").RunAsync(files.AddressOf(hub), CancellationToken.None);
        await Eventually.HoldsAsync("the first joins", () => hub.Workers.Count == 1);

        var session = files.Session(Enum.Parse<WorkerRole>(role, ignoreCase: true), name);
        var refused = await Should.ThrowAsync<HarnessException>(
            Eventually.CompletesAsync("the refusal", session.RunAsync(files.AddressOf(hub), CancellationToken.None)));

        refused.Message.ShouldContain(expected);
        first.IsCompleted.ShouldBeFalse();
        await hub.DisposeAsync();
        await Eventually.CompletesAsync("the first ends", first);
    }

    [Fact]
    public async Task Worker_OfAnotherVersion_IsRefused()
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);
        using var channel = WorkerChannel.Open(files.AddressOf(hub), files.Client);
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(WorkerProtocol.Join, null, default);
        await call.RequestStream.WriteAsync(new WorkerMessage.Hello(99, WorkerRole.Subscriber, "w"), TestContext.Current.CancellationToken);

        (await Should.ThrowAsync<RpcException>(
            Eventually.CompletesAsync("the answer", call.ResponseStream.MoveNext(CancellationToken.None))))
            .Status.ShouldBe(
                new Status(StatusCode.FailedPrecondition, $"the controller speaks version {WorkerProtocol.Version} and not 99"));
    }

    [Fact]
    public async Task Worker_OfAnotherCa_DoesNotGetIn()
    {
        using var files = new WorkerFiles();
        using var strangers = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);

        // It neither trusts the controller nor is trusted: the first alone would do.
        await Should.ThrowAsync<HarnessException>(
            Eventually.CompletesAsync(
                "the refusal", strangers.Session(WorkerRole.Subscriber, "w").RunAsync(files.AddressOf(hub), CancellationToken.None)));
        hub.Workers.ShouldBeEmpty();
    }

    [Fact]
    public async Task Worker_WithoutACertificateOfTheCa_DoesNotGetIn()
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);
        using var socket = new TcpClient();
        await socket.ConnectAsync(hub.Address, TestContext.Current.CancellationToken);
        await using var stream = new SslStream(socket.GetStream());

        // With TLS 1.3 the refusal comes with the first read.
        await Should.ThrowAsync<Exception>(Eventually.CompletesAsync("the refusal", TalkAsync()));
        hub.Workers.ShouldBeEmpty();

        async Task TalkAsync()
        {
            // All that a worker does but for the certificate: with one the server would begin with its settings.
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "127.0.0.1",
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                    RemoteCertificateValidationCallback = (_, _, _, _) => true,
                },
                TestContext.Current.CancellationToken);
            await stream.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Hub_WorkersThatDoNotCome_IsATimeOut()
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 2);

        var late = await Should.ThrowAsync<HarnessException>(
            hub.AllJoinedAsync(TimeSpan.FromMilliseconds(1), _ => { }, CancellationToken.None));

        late.Verdict.ShouldBe(Verdict.TimedOut);
        late.Message.ShouldBe("not all workers joined within 0 s: missing 2 subscribers");
    }

    private static string[] Controller(HarnessRig rig, string workers) =>
        [
            "--listen", "127.0.0.1:0", "--workers", workers,
            "--ca", rig.File("ca.pem"), "--cert", rig.File("server.pem"), "--key", rig.File("server.key"),
        ];

    private static async Task<string> PortAsync(HarnessRig rig)
    {
        var line = await rig.Console.Out.LineAsync(
            "the hub listens", line => line.Contains("waiting for workers on ", StringComparison.Ordinal));
        return line.Split("waiting for workers on ")[1].Split(": ")[0];
    }

    private static ChildProcess Worker(HarnessRig rig, string address, string role, string name) => CassiniProcess.Start(
        rig.Broker.Directory,
        ["run", "--role", role, "--join", address, "--name", name, "--ca", "ca.pem", "--cert", "client.pem", "--key", "client.key"]);
}
