using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Hosting;
using Cassini.Tests.Health;
using Cassini.Tests.Management;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using HealthStatus = Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus;

namespace Cassini.Tests.Hosting;

/// <summary>The health check over a real projection whose events the test publishes.</summary>
public class CassiniHealthCheckTests
{
    [Fact]
    public async Task Check_AllIsWell_IsHealthy()
    {
        await using var rig = await ManagementRig.StartReadyAsync();

        var result = await CheckAsync(rig);

        result.Status.ShouldBe(HealthStatus.Healthy);
        result.Description.ShouldBe("the phase is ready");
        result.Data["revision"].ShouldBe(rig.Health.Current.Revision);
        result.Data["epoch"].ShouldBe(rig.Health.Current.Epoch);
        result.Data["phase"].ShouldBe("ready");
        Failing(result).ShouldBeEmpty();
    }

    [Fact]
    public async Task Check_Degraded_IsDegradedWithTheReason()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(new CertificateReloadFailed(CertificateRole.Server, "server.pem", "no certificate in it"));

        var result = await CheckAsync(rig);

        result.Status.ShouldBe(HealthStatus.Degraded);
        result.Description.ShouldStartWith("certificate ");
        result.Description!.ShouldContain("no certificate in it");
        Failing(result).Keys.ShouldBe(["certificate"]);
        Failing(result)["certificate"].ShouldBe(rig.Health.Current.Checks.Single(check => check.Name == "certificate").Reason);
    }

    [Fact]
    public async Task Check_NotReady_IsUnhealthyAndStillAlive()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(new ListenerClosed(Happened.Endpoint, ListenerCloseReason.Rehearsal));

        var result = await CheckAsync(rig);

        result.Status.ShouldBe(HealthStatus.Unhealthy);
        Failing(result)["bind"].ShouldBe("EndpointClosed");
        (await CheckAsync(rig, CassiniProbe.Live)).Status.ShouldBe(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Check_NotReady_IsWhatTheRegistrationCallsAFailure()
    {
        await using var rig = await ManagementRig.StartAsync();

        (await CheckAsync(rig, failureStatus: HealthStatus.Degraded)).Status.ShouldBe(HealthStatus.Degraded);
    }

    [Fact]
    public async Task Check_CrashOfOneSession_IsDegradedSinceOthersAreServed()
    {
        await using var rig = await ManagementRig.StartReadyAsync(policy: new HealthPolicy
        {
            Window = TimeSpan.FromMinutes(10),
            LiveWindow = TimeSpan.FromMinutes(30),
            Hold = TimeSpan.FromMinutes(10),
        });
        rig.Publish(new Crashed(new Component(ComponentKind.Connection, "7"), "IOException", "boom", 1, null));
        rig.Health.Current.Status.ShouldBe(Cassini.Streams.Events.HealthStatus.Error);

        (await CheckAsync(rig)).Status.ShouldBe(HealthStatus.Degraded);
    }

    [Fact]
    public async Task Check_GivenUp_IsNotAlive()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(new GaveUp(new Component(ComponentKind.ListenerManager, "manager"), 5, TimeSpan.FromMinutes(1)));

        (await CheckAsync(rig, CassiniProbe.Live)).Status.ShouldBe(HealthStatus.Unhealthy);
    }

    [Fact]
    public async Task Check_StoppedTicks_IsUnhealthy()
    {
        await using var rig = await ManagementRig.StartAsync(
            policy: new HealthPolicy { Window = TimeSpan.FromMilliseconds(200), Tick = TimeSpan.FromMilliseconds(20) });
        rig.BecomeReady();
        rig.Health.StopTicks();

        var result = await Support.Eventually.BecomesAsync(
            "the projection is stale", async () => await CheckAsync(rig),
            result => Failing(result).GetValueOrDefault("projection") == "ProjectionStale");

        result.Status.ShouldBe(HealthStatus.Unhealthy);
    }

    private static Task<HealthCheckResult> CheckAsync(
        ManagementRig rig, CassiniProbe probe = CassiniProbe.Ready, HealthStatus failureStatus = HealthStatus.Unhealthy)
    {
        var check = new CassiniHealthCheck(rig.Health, probe);
        return check.CheckHealthAsync(
            new HealthCheckContext { Registration = new HealthCheckRegistration("cassini", check, failureStatus, null) },
            CancellationToken.None);
    }

    private static IReadOnlyDictionary<string, string> Failing(HealthCheckResult result) =>
        result.Data["failing"].ShouldBeAssignableTo<IReadOnlyDictionary<string, string>>()!;
}
