using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Workers;
using Cassini.Tests.Interop;
using Cassini.Tests.Support;

namespace Cassini.Tests.Harness;

public class LocalWorkerTests
{
    [Fact]
    public async Task Stop_ThatFails_KeepsTheReportAndIsNotRepeated()
    {
        await using var broker = await MqttHost.StartAsync();
        var identity = WorkerFiles.IdentityFor(broker);
        var worker = new LocalWorker(WorkerRole.Subscriber, _ => identity, _ => new SendTimes(), new ClockThatFailsAtTheClose());
        await worker.PrepareAsync(
            new LoadOrder(new LoadRun(1, 1, 0), WorkerFiles.AddressOf(broker), [],
                [new PlanSubscriber { Index = 3, Name = "s", Topic = "t" }]),
            CancellationToken.None);

        (await Should.ThrowAsync<InvalidOperationException>(Eventually.CompletesAsync("the stop", worker.StopAsync())))
            .Message.ShouldBe(ClockThatFailsAtTheClose.Words);

        worker.Report.Subscribers.Keys.ShouldBe([3]);
        await worker.DisposeAsync();
        await Eventually.HoldsAsync("the connection is closed", () => broker.Host.Connections.Count == 0);
    }
}
