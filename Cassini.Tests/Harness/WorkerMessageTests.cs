using Cassini.Harness.Clients;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Verdicts;
using Cassini.Harness.Workers;
using Cassini.Tests.Interop;
using Cassini.Tests.Support;
using Grpc.Core;

namespace Cassini.Tests.Harness;

/// <summary>Messages between workers and their controller that are long, wrong or not expected, and workers that are lost early.</summary>
public class WorkerMessageTests
{
    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Order_OfAPlanWith5MegabytesOfText_Arrives()
    {
        var plan = PlanText.Good(PlanText.With(publisher: $$"""
            { "name": "p", "topic": "t", "messages": 1, "messageSize": 6000000, "payload": { "fixed": "{{new string('x', 5_000_000)}}" } }
            """));
        using var files = new WorkerFiles();
        await using var broker = await MqttHost.StartAsync();
        await using var hub = await files.HubAsync(subscribers: 1);
        var session = files.SessionFor(broker).RunAsync(files.AddressOf(hub), CancellationToken.None);
        var worker = await JoinedAsync(hub);
        var order = new LoadOrder(LoadRun.Of(plan, plan.Tests[0]), WorkerFiles.AddressOf(broker), plan.Tests[0].Publishers, []);

        await Eventually.CompletesAsync("the worker is ready", worker.PrepareAsync(order, worker.Lost));

        worker.LostBecause.ShouldBeNull();
        await hub.DisposeAsync();
        await Eventually.CompletesAsync("the session ends", session);
    }

    [Fact]
    public async Task Order_LongerThanAMessageMayBe_LosesTheWorkerAndNamesBothSizes()
    {
        using var files = new WorkerFiles();
        await using var broker = await MqttHost.StartAsync();
        await using var hub = await files.HubAsync(subscribers: 1);
        var session = files.SessionFor(broker).RunAsync(files.AddressOf(hub), CancellationToken.None);
        var worker = await JoinedAsync(hub);
        var text = new PlanPayload(PayloadKind.Fixed, new string('x', WorkerProtocol.MaxMessageBytes));
        var order = new LoadOrder(
            new LoadRun(1, 1, 0), WorkerFiles.AddressOf(broker),
            [new PlanPublisher { Index = 0, Name = "p", Topic = "t", Payload = text }], []);

        await Should.ThrowAsync<OperationCanceledException>(
            Eventually.CompletesAsync("the worker is lost", worker.PrepareAsync(order, worker.Lost)));

        worker.LostBecause.ShouldNotBeNull()
            .ShouldMatch(@"^the message 'order' has \d+ bytes, more than the 33554432 that one may have$");
        (await Should.ThrowAsync<HarnessException>(Eventually.CompletesAsync("the session ends", session)))
            .Verdict.ShouldBe(Verdict.WorkerLost);
    }

    [Fact]
    public async Task Report_LongerThanAMessageMayBe_IsAFailureOfTheWriteAlone()
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);
        using var channel = WorkerChannel.Open(files.AddressOf(hub), files.Client);
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(WorkerProtocol.Join, null, default);
        await call.RequestStream.WriteAsync(new WorkerMessage.Hello(WorkerProtocol.Version, WorkerRole.Subscriber, "w"), Test);
        var worker = await JoinedAsync(hub);

        var text = new string('x', WorkerProtocol.MaxMessageBytes);
        var failure = await Should.ThrowAsync<HarnessException>(
            call.RequestStream.WriteAsync(new WorkerMessage.Report(LoadReport.Nothing, text), Test));

        failure.Message.ShouldMatch(@"^the message 'report' has \d+ bytes, more than the 33554432 that one may have$");
        WorkerProtocol.IsEnd(failure, WorkerProtocol.HasEnded(call)).ShouldBeFalse();
        worker.Lost.IsCancellationRequested.ShouldBeFalse();
    }

    [Fact]
    public async Task Order_WhoseReportCannotBeSent_ReportsThatInstead()
    {
        using var files = new WorkerFiles();
        await using var broker = await MqttHost.StartAsync();
        var sent = new ScriptedCall(message => message is WorkerMessage.Report { Counts.Subscribers.Count: > 0 }
            ? throw new HarnessException("the counts are too long")
            : Task.CompletedTask);
        var order = new WorkerOrder(
            new LoadOrder(new LoadRun(1, 1, 0), WorkerFiles.AddressOf(broker), [],
                [new PlanSubscriber { Index = 0, Name = "s", Topic = "t" }]),
            WorkerFiles.IdentityFor(broker), sent.Call, TimeProvider.System);

        await Eventually.CompletesAsync("the order ends", order.DisposeAsync().AsTask());

        sent.Messages.Last().ShouldBe(new WorkerMessage.Report(LoadReport.Nothing, "the counts are too long"));
        order.Failure.ShouldBeNull();
        sent.IsDisposed.ShouldBeFalse();
    }

    [Fact]
    public async Task Order_ThatCannotReportAnything_EndsTheCall()
    {
        using var files = new WorkerFiles();
        await using var broker = await MqttHost.StartAsync();
        var sent = new ScriptedCall(_ => throw new InvalidOperationException("the previous write is in progress"));
        var order = new WorkerOrder(
            new LoadOrder(new LoadRun(1, 1, 0), WorkerFiles.AddressOf(broker), [],
                [new PlanSubscriber { Index = 0, Name = "s", Topic = "t" }]),
            WorkerFiles.IdentityFor(broker), sent.Call, TimeProvider.System);

        await Eventually.CompletesAsync("the order ends", order.DisposeAsync().AsTask());

        order.Failure.ShouldNotBeNull().ShouldStartWith("unexpected: System.InvalidOperationException: the previous write is in progress");
        sent.IsDisposed.ShouldBeTrue();
    }

    [Fact]
    public async Task Write_ThatFailsWhileTheCallIsOpen_LosesTheWorkerWithItsCause()
    {
        var hello = new WorkerMessage.Hello(WorkerProtocol.Version, WorkerRole.Subscriber, "w");
        var worker = new RemoteWorker(hello, "plan", TimeProvider.System);

        await Eventually.CompletesAsync("the worker ends", worker.ServeAsync(
            new SilentReader(),
            new BrokenWriter(new InvalidOperationException("the previous write is in progress")),
            CancellationToken.None));

        worker.LostBecause.ShouldNotBeNull()
            .ShouldStartWith("unexpected: System.InvalidOperationException: the previous write is in progress");
        worker.Lost.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public async Task Worker_ThatSendsTooLongAMessage_IsLost()
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);
        using var channel = WorkerChannel.Open(files.AddressOf(hub), files.Client);
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(Raw, null, default);
        await call.RequestStream.WriteAsync(Hello, Test);
        var worker = await JoinedAsync(hub);

        await Should.ThrowAsync<Exception>(Eventually.CompletesAsync("the call ends", TalkAsync()));

        await Eventually.HoldsAsync("the worker is lost", () => worker.Lost.IsCancellationRequested);
        worker.LostBecause.ShouldNotBeNull().ShouldStartWith("it sent what is no message: ");

        async Task TalkAsync()
        {
            await call.RequestStream.WriteAsync(new byte[WorkerProtocol.MaxMessageBytes + 1], Test);
            while (await call.ResponseStream.MoveNext(Test))
            {
            }

            throw new EndOfStreamException();
        }
    }

    [Fact]
    public async Task Worker_WithoutHello_IsRefused()
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);
        using var channel = WorkerChannel.Open(files.AddressOf(hub), files.Client);
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(WorkerProtocol.Join, null, default);
        await call.RequestStream.WriteAsync(new WorkerMessage.Ready(), Test);

        (await Should.ThrowAsync<RpcException>(
            Eventually.CompletesAsync("the answer", call.ResponseStream.MoveNext(CancellationToken.None))))
            .Status.Detail.ShouldBe("a worker's first message is hello");
        hub.Workers.ShouldBeEmpty();
    }

    [Fact]
    public async Task Worker_ThatSendsNonsense_IsLost()
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);
        using var channel = WorkerChannel.Open(files.AddressOf(hub), files.Client);
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(Raw, null, default);
        await call.RequestStream.WriteAsync(
            """{"type":"hello","version":5,"role":"subscriber","name":"w"}"""u8.ToArray(), Test);
        (await Eventually.CompletesAsync("the welcome", call.ResponseStream.MoveNext(CancellationToken.None))).ShouldBeTrue();
        var worker = await Eventually.BecomesAsync("the worker joins", () => hub.Workers.FirstOrDefault()!, joined => joined is not null);

        await call.RequestStream.WriteAsync("\"nonsense\""u8.ToArray(), Test);

        await Eventually.HoldsAsync("the worker is lost", () => worker.Lost.IsCancellationRequested);
        worker.LostBecause.ShouldNotBeNull().ShouldStartWith("it sent what is no message");
    }

    [Theory]
    [InlineData("\"nonsense\"")]
    [InlineData("""{"type":"hello","version":5,"kind":"subscriber","id":"w"}""")]
    public async Task Worker_WhoseHelloCannotBeRead_IsRefusedWithTheReason(string hello)
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);
        using var channel = WorkerChannel.Open(files.AddressOf(hub), files.Client);
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(Raw, null, default);
        await call.RequestStream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(hello), Test);

        var refused = await Should.ThrowAsync<RpcException>(Eventually.CompletesAsync("the answer", call.ResponseStream.MoveNext(Test)));

        refused.StatusCode.ShouldBe(StatusCode.InvalidArgument);
        refused.Status.Detail.ShouldStartWith($"the first message is no hello of version {WorkerProtocol.Version}: ");
        hub.Workers.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"type":"hello","version":5,"role":"subscriber","name":"w"}""", "hello")]
    [InlineData("""{"type":"ready"}""", "ready")]
    [InlineData("""{"type":"report","counts":{"test":0,"publishers":{},"subscribers":{}},"error":null}""", "report")]
    public async Task Worker_ThatSendsAnUnexpectedMessage_IsLostAndTheMessageNamed(string message, string name)
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);
        using var channel = WorkerChannel.Open(files.AddressOf(hub), files.Client);
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(Raw, null, default);
        await call.RequestStream.WriteAsync(Hello, Test);
        var worker = await JoinedAsync(hub);

        await call.RequestStream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(message), Test);

        await Eventually.HoldsAsync("the worker is lost", () => worker.Lost.IsCancellationRequested);
        worker.LostBecause.ShouldBe($"it sent '{name}', which is not expected now");
    }

    [Theory]
    [InlineData("welcome")]
    [InlineData("start")]
    [InlineData("stop")]
    public async Task Controller_ThatSendsAnUnexpectedMessage_EndsTheSessionAndTheMessageIsNamed(string name)
    {
        ControllerMessage unexpected = name switch
        {
            "welcome" => new ControllerMessage.Welcome("again"),
            "start" => new ControllerMessage.Start(),
            _ => new ControllerMessage.Stop(),
        };
        using var files = new WorkerFiles();
        await using var controller = await ScriptedController.ListenAsync(
            files.Server, new ControllerMessage.Welcome("plan"), unexpected);

        var session = files.Session(WorkerRole.Subscriber, "w").RunAsync(controller.Address, CancellationToken.None);

        var failure = await Should.ThrowAsync<HarnessException>(Eventually.CompletesAsync("the session ends", session));
        failure.Message.ShouldBe($"the controller at {controller.Address} is lost: it sent '{name}', which is not expected now");
        failure.Verdict.ShouldBe(Verdict.WorkerLost);
    }

    [Fact]
    public async Task Worker_LostBeforeAllHaveJoined_LeavesItsPlaceAndItsName()
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 2);
        using var stop = new CancellationTokenSource();
        var first = files.Session(WorkerRole.Subscriber, "left").RunAsync(files.AddressOf(hub), stop.Token);
        await JoinedAsync(hub);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(Eventually.CompletesAsync("the first ends", first));

        await Eventually.HoldsAsync("its place is free", () => hub.Workers.Count == 0);
        var again = files.Session(WorkerRole.Subscriber, "left").RunAsync(files.AddressOf(hub), CancellationToken.None);
        var other = files.Session(WorkerRole.Subscriber, "right").RunAsync(files.AddressOf(hub), CancellationToken.None);
        await hub.AllJoinedAsync(Eventually.Deadline, _ => { }, Test);

        hub.Workers.Select(worker => worker.Name).Order().ShouldBe(["left", "right"]);
        await hub.DisposeAsync();
        await Eventually.CompletesAsync("the others end", Task.WhenAll(again, other));
    }

    [Fact]
    public async Task Worker_LostAfterAllHaveJoined_IsKept()
    {
        using var files = new WorkerFiles();
        await using var hub = await files.HubAsync(subscribers: 1);
        using var stop = new CancellationTokenSource();
        var session = files.Session(WorkerRole.Subscriber, "left").RunAsync(files.AddressOf(hub), stop.Token);
        var worker = await JoinedAsync(hub);

        await stop.CancelAsync();

        await Eventually.HoldsAsync("the worker is lost", () => worker.Lost.IsCancellationRequested);
        await Should.ThrowAsync<OperationCanceledException>(Eventually.CompletesAsync("the session ends", session));
        hub.Workers.ShouldBe([worker]);
    }

    [Fact]
    public async Task Worker_WhoseStopIsADefect_ReportsItAndTakesTheNextOrder()
    {
        using var files = new WorkerFiles();
        await using var broker = await MqttHost.StartAsync();
        await using var hub = await files.HubAsync(subscribers: 1);
        var session = files.SessionFor(broker, new ClockThatFailsAtTheClose()).RunAsync(files.AddressOf(hub), CancellationToken.None);
        var worker = await JoinedAsync(hub);
        var order = new LoadOrder(
            new LoadRun(1, 1, 0), WorkerFiles.AddressOf(broker), [],
                [new PlanSubscriber { Index = 0, Name = "s", Topic = "t" }]);
        await Eventually.CompletesAsync("the worker is ready", worker.PrepareAsync(order, worker.Lost));
        var running = worker.Start();

        await Eventually.CompletesAsync("the worker stops", worker.StopAsync());

        (await Should.ThrowAsync<HarnessException>(Eventually.CompletesAsync("the order ends", running)))
            .Message.ShouldStartWith($"worker w: unexpected: System.InvalidOperationException: {ClockThatFailsAtTheClose.Words}");
        worker.Report.Subscribers.ShouldHaveSingleItem();
        await Eventually.CompletesAsync("the worker is ready again", worker.PrepareAsync(order, worker.Lost));
        await hub.DisposeAsync();
        await Eventually.CompletesAsync("the session ends", session);
    }

    [Fact]
    public async Task Message_ThatFindsNoPlace_IsADefect()
    {
        var hello = new WorkerMessage.Hello(WorkerProtocol.Version, WorkerRole.Subscriber, "w");
        var worker = new RemoteWorker(hello, "plan", TimeProvider.System);
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        var order = new LoadOrder(new LoadRun(1, 1, 0), new BrokerAddress("main", "127.0.0.1", 1, "localhost"), [], []);
        for (var i = 0; i < 7; i++)
        {
            await Should.ThrowAsync<OperationCanceledException>(worker.PrepareAsync(order, stopped.Token));
        }

        (await Should.ThrowAsync<InvalidOperationException>(worker.PrepareAsync(order, stopped.Token)))
            .Message.ShouldBe("worker w: too many messages wait for 'order' to be sent");
    }

    private static readonly Method<byte[], byte[]> Raw = new(
        MethodType.DuplexStreaming, WorkerProtocol.Join.ServiceName, WorkerProtocol.Join.Name,
        Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes), Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes));

    private static byte[] Hello => """{"type":"hello","version":5,"role":"subscriber","name":"w"}"""u8.ToArray();

    private static Task<IWorker> JoinedAsync(WorkerHub hub) =>
        Eventually.BecomesAsync("the worker joins", () => hub.Workers.FirstOrDefault()!, joined => joined is not null);

    private sealed class SilentReader : IAsyncStreamReader<WorkerMessage>
    {
        public WorkerMessage Current => throw new InvalidOperationException();

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return false;
        }
    }

    private sealed class BrokenWriter(Exception exception) : IAsyncStreamWriter<ControllerMessage>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(ControllerMessage message) => Task.FromException(exception);

        public Task WriteAsync(ControllerMessage message, CancellationToken cancellationToken) => WriteAsync(message);
    }
}
