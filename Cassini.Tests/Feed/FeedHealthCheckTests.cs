using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Health;
using Cassini.Tests.Cli;
using Cassini.Tests.Health;
using Cassini.Tests.Management;
using Cassini.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using HealthStatus = Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus;

namespace Cassini.Tests.Feed;

/// <summary>A remote broker as a health check of an application, against the real management surface.</summary>
public class FeedHealthCheckTests
{
    [Fact]
    public async Task Check_OverABrokersLife_SaysWhatItsFeedSays()
    {
        var rig = await ManagementRig.StartReadyAsync();
        using var app = await StartAsync(checks => checks.AddCassiniFeed(rig.Address));
        var healthy = await BecomesAsync(app, HealthStatus.Healthy);
        healthy.Description.ShouldBe("the phase is ready");
        healthy.Data["epoch"].ShouldBe(rig.Health.Current.Epoch);
        healthy.Data["revision"].ShouldBe(rig.Health.Current.Revision);
        healthy.Data["phase"].ShouldBe("ready");
        Failing(healthy).ShouldBeEmpty();

        rig.Publish(new CertificateReloadFailed(CertificateRole.Server, "server.pem", "no certificate in it"));
        Failing(await BecomesAsync(app, HealthStatus.Degraded)).Keys.ShouldBe(["certificate"]);

        rig.Publish(new ListenerClosed(Happened.Endpoint, ListenerCloseReason.Rehearsal));
        Failing(await BecomesAsync(app, HealthStatus.Unhealthy))["bind"].ShouldBe("EndpointClosed");

        await rig.DisposeAsync();
        await Eventually.BecomesAsync(
            "the feed is lost", async () => await CheckAsync(app), result => Failing(result).ContainsKey("feed"));

        await using var next = await ManagementRig.StartAsync(port: rig.Address.Port);
        next.BecomeReady();
        (await BecomesAsync(app, HealthStatus.Healthy)).Data["epoch"].ShouldBe(next.Health.Current.Epoch);
    }

    [Fact]
    public async Task Check_NothingListens_IsUnhealthyWithTheReason()
    {
        using var app = await StartAsync(checks => checks.AddCassiniFeed(new Uri($"http://127.0.0.1:{FreePort.Find()}")));

        var result = await Eventually.BecomesAsync(
            "it was tried", async () => await CheckAsync(app), result => Failing(result)["feed"] == nameof(FeedLoss.Unreachable));

        result.Status.ShouldBe(HealthStatus.Unhealthy);
        result.Description.ShouldNotBeNull().ShouldContain("connection refused");
        result.Data["epoch"].ShouldBe("");
    }

    [Fact]
    public async Task Check_OfAServiceProviderWithoutAHost_Follows()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var services = new ServiceCollection().AddLogging();
        services.AddHealthChecks().AddCassiniFeed(rig.Address);
        await using var provider = services.BuildServiceProvider();

        await Eventually.BecomesAsync(
            "it is healthy",
            async () => (await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status,
            status => status == HealthStatus.Healthy);
    }

    [Fact]
    public async Task Checks_OfTwoBrokersAndProbes_AreApart()
    {
        await using var ready = await ManagementRig.StartReadyAsync();
        await using var closed = await ManagementRig.StartReadyAsync();
        closed.Publish(new ListenerClosed(Happened.Endpoint, ListenerCloseReason.Rehearsal));
        using var app = await StartAsync(checks => checks
            .AddCassiniFeed(ready.Address, "one")
            .AddCassiniFeed(closed.Address, "two", failureStatus: HealthStatus.Degraded)
            .AddCassiniFeed(closed.Address, "two-live", probe: CassiniProbe.Live, tags: ["live"]));

        var report = await Eventually.BecomesAsync(
            "all are followed",
            async () => await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(),
            report => report.Entries.Values.All(entry => !Failing(entry.Data).ContainsKey("feed")));

        report.Entries["one"].Status.ShouldBe(HealthStatus.Healthy);
        report.Entries["two"].Status.ShouldBe(HealthStatus.Degraded);
        Failing(report.Entries["two"].Data)["bind"].ShouldBe("EndpointClosed");
        report.Entries["two-live"].Status.ShouldBe(HealthStatus.Healthy);
        report.Entries["two-live"].Tags.ShouldBe(["live"]);
    }

    [Fact]
    public async Task Application_Disposed_EndsItsFeed()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var app = await StartAsync(checks => checks.AddCassiniFeed(rig.Address));
        await BecomesAsync(app, HealthStatus.Healthy);
        var check = app.Services.GetRequiredKeyedService<FeedHealthCheck>("cassini-feed");

        await app.StopAsync();
        app.Dispose();

        rig.Publish(new ListenerClosed(Happened.Endpoint, ListenerCloseReason.Rehearsal));
        var context = new HealthCheckContext { Registration = new HealthCheckRegistration("it", check, null, null) };
        (await check.CheckHealthAsync(context, CancellationToken.None)).Data["revision"].ShouldNotBe(rig.Health.Current.Revision);
    }

    [Theory]
    [InlineData("mqtt://127.0.0.1:8883")]
    [InlineData("ftp://127.0.0.1")]
    public void AddCassiniFeed_NoAddressOfAManagement_IsRefusedAtOnce(string address) =>
        Should.Throw<ArgumentException>(() => new ServiceCollection().AddHealthChecks().AddCassiniFeed(new Uri(address)));

    private static async Task<IHost> StartAsync(Action<IHealthChecksBuilder> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        add(builder.Services.AddHealthChecks());
        var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static async Task<HealthReportEntry> BecomesAsync(IHost app, HealthStatus status) =>
        await Eventually.BecomesAsync($"it is {status}", async () => await CheckAsync(app), result => result.Status == status);

    private static async Task<HealthReportEntry> CheckAsync(IHost app) =>
        (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["cassini-feed"];

    private static IReadOnlyDictionary<string, string> Failing(HealthReportEntry entry) => Failing(entry.Data);

    private static IReadOnlyDictionary<string, string> Failing(IReadOnlyDictionary<string, object> data) =>
        data["failing"].ShouldBeAssignableTo<IReadOnlyDictionary<string, string>>()!;
}
