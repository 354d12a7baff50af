using Cassini.Tests.Support;
using Grpc.Core;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Cassini.Tests.GrpcHealth;

/// <summary>Watch, through faults, recovery and the end.</summary>
public class WatchTests
{
    [Fact]
    public async Task Watch_FaultAndRecovery_TellsEachChangeOnce()
    {
        await using var rig = await GrpcRig.ReadyAsync();
        using var ready = rig.Watch("");
        using var bind = rig.Watch("bind");
        using var live = rig.Watch("livez");
        foreach (var watch in (AsyncServerStreamingCall<Grpc.Health.V1.HealthCheckResponse>[])[ready, bind, live])
        {
            (await GrpcRig.NextAsync("at once", watch)).ShouldBe(ServingStatus.Serving);
        }

        rig.Listeners.CloseEndpoint(null).ShouldBeTrue();
        (await GrpcRig.NextAsync("the endpoint closes", ready)).ShouldBe(ServingStatus.NotServing);
        (await GrpcRig.NextAsync("the endpoint closes", bind)).ShouldBe(ServingStatus.NotServing);

        rig.Listeners.Resume();
        (await GrpcRig.NextAsync("it is bound again", ready)).ShouldBe(ServingStatus.Serving);
        (await GrpcRig.NextAsync("it is bound again", bind)).ShouldBe(ServingStatus.Serving);

        // Nothing happened to liveness: its next word is the last.
        await rig.StopAsync();
        (await GrpcRig.NextAsync("the end", live)).ShouldBe(ServingStatus.NotServing);
    }

    [Fact]
    public async Task Watch_StoppedTicks_TellsAlthoughNothingIsFolded()
    {
        await using var rig = await GrpcRig.ReadyAsync();
        using var watch = rig.Watch("readyz");
        (await GrpcRig.NextAsync("at once", watch)).ShouldBe(ServingStatus.Serving);

        rig.Broker.Host.Health.StopTicks();
        (await GrpcRig.NextAsync("it is stale", watch)).ShouldBe(ServingStatus.NotServing);

        rig.Broker.Host.Health.ResumeTicks();
        (await GrpcRig.NextAsync("it is fresh", watch)).ShouldBe(ServingStatus.Serving);
    }

    [Fact]
    public async Task Watch_UnknownName_IsServiceUnknownAndStaysOpen()
    {
        await using var rig = await GrpcRig.ReadyAsync();
        using var watch = rig.Watch("nobody");
        (await GrpcRig.NextAsync("at once", watch)).ShouldBe(ServingStatus.ServiceUnknown);

        var next = watch.ResponseStream.MoveNext(CancellationToken.None);
        rig.Listeners.CloseEndpoint(null).ShouldBeTrue();
        await rig.BecomesAsync("", ServingStatus.NotServing);
        next.IsCompleted.ShouldBeFalse();

        await rig.StopAsync();
        (await Should.ThrowAsync<RpcException>(Eventually.CompletesAsync("the end", next))).StatusCode.ShouldBe(StatusCode.Unavailable);
    }

    [Fact]
    public async Task Watch_TheProcessStops_EndsWithNotServing()
    {
        await using var rig = await GrpcRig.ReadyAsync();
        using var watch = rig.Watch("");
        (await GrpcRig.NextAsync("at once", watch)).ShouldBe(ServingStatus.Serving);

        await rig.StopAsync();

        (await GrpcRig.NextAsync("the last word", watch)).ShouldBe(ServingStatus.NotServing);
        (await GrpcRig.EndAsync("the end", watch)).ShouldBe(new Status(StatusCode.Unavailable, "the process is stopping"));
    }

    [Fact]
    public async Task Watch_TheBrokerDrains_TellsBeforeTheEnd()
    {
        await using var rig = await GrpcRig.ReadyAsync();
        using var ready = rig.Watch("readyz");
        using var live = rig.Watch("livez");
        (await GrpcRig.NextAsync("at once", ready)).ShouldBe(ServingStatus.Serving);
        (await GrpcRig.NextAsync("at once", live)).ShouldBe(ServingStatus.Serving);

        await rig.Broker.Host.StopAsync(CancellationToken.None);

        (await GrpcRig.NextAsync("it drains", ready)).ShouldBe(ServingStatus.NotServing);
        (await rig.CheckAsync("livez")).ShouldBe(ServingStatus.Serving);
    }

    [Fact]
    public async Task Watch_PastTheCap_IsResourceExhaustedUntilOneLeaves()
    {
        await using var rig = await GrpcRig.ReadyAsync(management: new() { MaxWatches = 2 });
        using var first = rig.Watch("");
        using var second = rig.Watch("nobody");
        await GrpcRig.NextAsync("the first", first);
        await GrpcRig.NextAsync("the second", second);

        using (var refused = rig.Watch(""))
        {
            (await GrpcRig.EndAsync("the third", refused))
                .ShouldBe(new Status(StatusCode.ResourceExhausted, "too many watches: 2 are open, and no more are allowed"));
        }

        (await rig.CheckAsync("")).ShouldBe(ServingStatus.Serving, "a check is no watch");
        second.Dispose();
        await Eventually.HoldsAsync("there is room again", () =>
        {
            using var next = rig.Watch("");
            try
            {
                return next.ResponseStream.MoveNext(CancellationToken.None).GetAwaiter().GetResult();
            }
            catch (RpcException refusal) when (refusal.StatusCode == StatusCode.ResourceExhausted)
            {
                return false;
            }
        });
    }
}
