using System.Net;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Tests.Support;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.GrpcHealth;

/// <summary>Callers that the gRPC port turns away are in the management's metric.</summary>
public class RefusalTests
{
    [Fact]
    public async Task Watch_PastTheCap_IsCountedInTheMetrics()
    {
        await using var rig = await GrpcRig.ReadyAsync(management: new() { MaxWatches = 1 });
        using var first = rig.Watch("");
        await GrpcRig.NextAsync("the first", first);
        using var refused = rig.Watch("");
        (await GrpcRig.EndAsync("the second", refused)).StatusCode.ShouldBe(StatusCode.ResourceExhausted);

        (await MetricsAsync(rig)).ShouldContain("cassini_management_refused_total{reason=\"watches\"} 1\n");
    }

    [Fact]
    public async Task Watch_PastTheCallersCap_IsCountedInTheMetrics()
    {
        await using var rig = await GrpcRig.ReadyAsync(management: new() { RequireCredentials = true, MaxFeedsPerCaller = 1 });
        using var first = rig.Watch("");
        await GrpcRig.NextAsync("the first", first);
        using var refused = rig.Watch("");
        (await GrpcRig.EndAsync("the second", refused)).StatusCode.ShouldBe(StatusCode.ResourceExhausted);

        (await MetricsAsync(rig)).ShouldContain("cassini_management_refused_total{reason=\"watches\"} 1\n");
    }

    [Fact]
    public async Task Check_TooOften_IsCountedInTheMetrics()
    {
        await using var rig = await GrpcRig.ReadyAsync(management: new() { RequireCredentials = true, RequestRate = 1, RequestBurst = 1 });
        var refused = 0;
        for (var i = 0; i < 3; i++)
        {
            try
            {
                await rig.Client.CheckAsync(new HealthCheckRequest());
            }
            catch (RpcException)
            {
                refused++;
            }
        }

        refused.ShouldBeGreaterThan(0);
        (await MetricsAsync(rig)).ShouldContain($"cassini_management_refused_total{{reason=\"rate\"}} {refused}\n");
    }

    /// <summary>What the management of the same process says, as <c>cassini serve</c> puts the two together.</summary>
    private static async Task<string> MetricsAsync(GrpcRig rig)
    {
        await using var app = ManagementApp.Create(
            ManagedBroker.Of(rig.Broker.Host),
            new ManagementOptions { Address = "127.0.0.1:0" },
            NullLoggerFactory.Instance,
            TimeProvider.System,
            refusals: rig.Refusals);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app) };
        using var answer = await http.GetAsync("/metrics", TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        await Eventually.CompletesAsync("the management stops", app.StopAsync(CancellationToken.None));
        return text;
    }
}
