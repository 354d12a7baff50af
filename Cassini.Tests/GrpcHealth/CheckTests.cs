using Cassini.Streams.Health;
using Grpc.Core;
using Grpc.Health.V1;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Cassini.Tests.GrpcHealth;

/// <summary>Check, through real faults of a real broker.</summary>
public class CheckTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    public static TheoryData<string> Names => ["", "readyz", "livez", "healthz", .. CheckNames.All];

    [Fact]
    public async Task Check_AllIsWell_EveryNameIsServing()
    {
        await using var rig = await GrpcRig.ReadyAsync();

        foreach (var row in Names)
        {
            (await rig.CheckAsync(row.Data)).ShouldBe(ServingStatus.Serving, row.Data);
        }
    }

    [Fact]
    public async Task Check_ClosedEndpoint_FailsReadinessAndNotLiveness()
    {
        await using var rig = await GrpcRig.ReadyAsync();
        rig.Listeners.CloseEndpoint(null).ShouldBeTrue();
        await rig.BecomesAsync("bind", ServingStatus.NotServing);

        (await rig.CheckAsync("")).ShouldBe(ServingStatus.NotServing);
        (await rig.CheckAsync("readyz")).ShouldBe(ServingStatus.NotServing);
        (await rig.CheckAsync("healthz")).ShouldBe(ServingStatus.NotServing);
        (await rig.CheckAsync("livez")).ShouldBe(ServingStatus.Serving);
        (await rig.CheckAsync("manager")).ShouldBe(ServingStatus.Serving);

        rig.Listeners.Resume();
        await rig.BecomesAsync("", ServingStatus.Serving);
    }

    [Fact]
    public async Task Check_StalledAccept_FailsThatCheckAndReadiness()
    {
        await using var rig = await GrpcRig.ReadyAsync();
        rig.Listeners.StallAccept(null).ShouldBeTrue();

        await rig.BecomesAsync("accept", ServingStatus.NotServing);
        await rig.BecomesAsync("", ServingStatus.NotServing);
        (await rig.CheckAsync("bind")).ShouldBe(ServingStatus.Serving);
    }

    [Fact]
    public async Task Check_CrashedSession_FailsHealthzAlone()
    {
        await using var rig = await GrpcRig.ReadyAsync(options => options with { Health = options.Health with { Hold = Long } });
        await using var client = await rig.Broker.ConnectAsync();
        rig.Listeners.CrashConnection(null).ShouldBeTrue();

        await rig.BecomesAsync("healthz", ServingStatus.NotServing);
        (await rig.CheckAsync("supervision")).ShouldBe(ServingStatus.NotServing);
        (await rig.CheckAsync("readyz")).ShouldBe(ServingStatus.Serving);
        (await rig.CheckAsync("livez")).ShouldBe(ServingStatus.Serving);
    }

    [Fact]
    public async Task Check_StoppedTicks_IsNotServingWhateverWasLastFolded()
    {
        await using var rig = await GrpcRig.ReadyAsync(
            options => options with { Health = options.Health with { LiveWindow = options.Health.Window } });
        rig.Broker.Host.Health.StopTicks();

        // A check that is switched off stays out of every verdict.
        foreach (var row in Names.Where(row => row.Data is not (CheckNames.Store or CheckNames.Configuration or CheckNames.Cluster)))
        {
            await rig.BecomesAsync(row.Data, ServingStatus.NotServing);
        }
    }

    [Theory]
    [InlineData("Readyz")]
    [InlineData("readyz/bind")]
    [InlineData("cassini.Broker")]
    [InlineData(" ")]
    public async Task Check_UnknownName_IsNotFound(string name)
    {
        await using var rig = await GrpcRig.ReadyAsync();

        (await rig.RefusalAsync(name)).ShouldBe(StatusCode.NotFound);
    }

    [Fact]
    public async Task Check_HugeName_IsRefused()
    {
        await using var rig = await GrpcRig.ReadyAsync();

        (await rig.RefusalAsync(new string('x', 5_000))).ShouldBe(StatusCode.ResourceExhausted);
        (await rig.CheckAsync("")).ShouldBe(ServingStatus.Serving);
    }

    [Fact]
    public async Task Check_OffLoopback_TellsOfProbesOnly()
    {
        await using var rig = await GrpcRig.ReadyAsync(management: new() { GrpcAddress = "0.0.0.0:0" });

        foreach (var probe in (string[])["", "readyz", "livez", "healthz"])
        {
            (await rig.CheckAsync(probe)).ShouldBe(ServingStatus.Serving);
        }

        foreach (var check in CheckNames.All)
        {
            (await rig.RefusalAsync(check)).ShouldBe(StatusCode.NotFound);
        }
    }

    [Fact]
    public async Task Answer_OfCheck_IsTheOneWord()
    {
        await using var rig = await GrpcRig.ReadyAsync();

        var answer = await rig.Client.CheckAsync(new HealthCheckRequest());

        answer.ShouldBe(new HealthCheckResponse { Status = ServingStatus.Serving });
    }
}
