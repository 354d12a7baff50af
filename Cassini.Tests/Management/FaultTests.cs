using System.Net;
using System.Text.Json;
using Cassini.Management.Http;
using Cassini.Streams.Health;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management;

public class FaultTests
{
    private static readonly ManagementOptions Rehearsing = new() { EnableFaults = true };

    [Theory]
    [InlineData("crash-connection", "crash-connection")]
    [InlineData("crash-connection?id=7", "crash-connection 7")]
    [InlineData("crash-accept", "crash-accept")]
    [InlineData("crash-accept?endpoint=127.0.0.1:8883", "crash-accept 127.0.0.1:8883")]
    [InlineData("crash-manager", "crash-manager")]
    [InlineData("stall-accept", "stall-accept")]
    [InlineData("close-endpoint?endpoint=127.0.0.1%3A8883", "close-endpoint 127.0.0.1:8883")]
    [InlineData("resume", "resume")]
    public async Task Fault_Enabled_IsInjected(string fault, string call)
    {
        await using var rig = await ManagementRig.StartReadyAsync(Rehearsing);
        using var response = await rig.SendAsync(HttpMethod.Post, "/faults/" + fault);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        json.RootElement.GetProperty("accepted").GetString().ShouldBe(fault.Split('?')[0]);
        rig.Listeners.Calls.ShouldBe([call]);
    }

    [Fact]
    public async Task Fault_StopTicks_TurnsReadinessRedAndResumeGreen()
    {
        await using var rig = await ManagementRig.StartReadyAsync(Rehearsing, new HealthPolicy
        {
            Tick = TimeSpan.FromMilliseconds(20),
            Window = TimeSpan.FromSeconds(1),
            LiveWindow = TimeSpan.FromMinutes(1),
            Hold = TimeSpan.Zero,
        });
        (await rig.SendAsync(HttpMethod.Post, "/faults/stop-ticks")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Eventually.BecomesAsync(
            "readiness red", async ValueTask<string> () => await rig.GetTextAsync("/readyz/projection"), text => text.Contains(
                "[-]projection failed: ProjectionStale"));

        (await rig.SendAsync(HttpMethod.Post, "/faults/resume")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Eventually.BecomesAsync(
            "the projection green again", async ValueTask<string> () => await rig.GetTextAsync("/readyz/projection"), text => text == "ok");
    }

    [Theory]
    [InlineData("crash-connection?id=8", HttpStatusCode.NotFound, "there is no open connection 8")]
    [InlineData("crash-connection?id=banana", HttpStatusCode.BadRequest, "id=\"banana\" is not the number of a connection")]
    [InlineData("crash-accept?endpoint=127.0.0.1:1", HttpStatusCode.NotFound, "there is no endpoint \"127.0.0.1:1\"")]
    [InlineData("crash-accept?id=7", HttpStatusCode.BadRequest, "crash-accept takes no parameter \"id\"")]
    [InlineData(
        "crash-everything", HttpStatusCode.NotFound, "there is no fault \"crash-everything\"; there are crash-connection, crash-accept")]
    public async Task Fault_ThatCannotBe_SaysWhy(string fault, HttpStatusCode status, string sentence)
    {
        await using var rig = await ManagementRig.StartReadyAsync(Rehearsing);
        using var response = await rig.SendAsync(HttpMethod.Post, "/faults/" + fault);

        response.StatusCode.ShouldBe(status);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldStartWith(sentence);
    }

    [Theory]
    [InlineData("crash-manager")]
    [InlineData("nonsense")]
    public async Task Fault_NotEnabled_Is404(string fault)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.SendAsync(HttpMethod.Post, "/faults/" + fault);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .ShouldBe("rehearsal is not enabled: start with --enable-faults\n");
        rig.Listeners.Calls.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Fault_WithABody_Is400AndNothingHappens(bool isChunked)
    {
        await using var rig = await ManagementRig.StartReadyAsync(Rehearsing);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/faults/crash-manager");
        request.Content = new ByteArrayContent(new byte[99_999]);
        request.Headers.TransferEncodingChunked = isChunked;

        using var response = await Eventually.CompletesAsync(
            "the answer", rig.Http.SendAsync(request, TestContext.Current.CancellationToken));

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .ShouldBe("POST /faults/crash-manager takes no body\n");
        rig.Listeners.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Fault_Get_Is405()
    {
        await using var rig = await ManagementRig.StartReadyAsync(Rehearsing);
        using var response = await rig.GetAsync("/faults/crash-manager");

        response.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        rig.Listeners.Calls.ShouldBeEmpty();
    }
}
