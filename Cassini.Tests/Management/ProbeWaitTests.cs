using System.Net;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Tests.Health;
using Cassini.Tests.Management.Access;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management;

public class ProbeWaitTests
{
    [Theory]
    [InlineData("/readyz?wait=10m")]
    [InlineData("/healthz?wait=600s")]
    [InlineData("/readyz/bind?wait=600000ms")]
    [InlineData("/healthz/bind?wait=1m")]
    public async Task Wait_TheProbeTurnsGood_AnswersAtOnce(string path)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.BindFailed());
        var answer = rig.GetAsync(path);
        await HeldBackAsync(rig, 1);
        rig.Publish(Happened.Bound(), Happened.Probed());

        (await answer).StatusCode.ShouldBe(HttpStatusCode.OK);
        await HeldBackAsync(rig, 0);
    }

    [Fact]
    public async Task Wait_ItIsGoodAlready_AnswersAtOnce()
    {
        await using var rig = await ManagementRig.StartReadyAsync();

        (await rig.GetTextAsync("/livez?wait=10m")).ShouldBe("ok");
        (await rig.GetTextAsync("/readyz?wait=10m")).ShouldBe("ok");
    }

    [Fact]
    public async Task Wait_ItIsOver_Is503WithTheReasons()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.BindFailed());
        using var response = await rig.GetAsync("/readyz?wait=50ms");

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter.ShouldNotBeNull();
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("[-]bind failed: BindFailed\n");
    }

    [Fact]
    public async Task Wait_OnlyExcludedChecksFail_AnswersAtOnce()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.BindFailed());

        (await rig.GetTextAsync("/readyz?wait=10m&exclude=bind&exclude=accept")).ShouldBe("ok");
    }

    [Fact]
    public async Task Wait_TheSurfaceStops_Is503AtOnce()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(new PhaseEntered(Phase.Draining));
        var answer = rig.GetAsync("/readyz?wait=10m");
        await HeldBackAsync(rig, 1);
        await rig.StopAsync();

        using var response = await answer;
        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("[-]phase failed: Draining\n");
    }

    [Fact]
    public async Task Wait_TheCallerGoesAway_EndsIt()
    {
        await using var rig = await ManagementRig.StartAsync();
        using var hurry = new CancellationTokenSource();
        var answer = rig.Http.GetAsync("/readyz?wait=10m", hurry.Token);
        await HeldBackAsync(rig, 1);
        await hurry.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(answer);
        await HeldBackAsync(rig, 0);
    }

    [Fact]
    public async Task Wait_TooMany_Is503AtOnceAndSaysSo()
    {
        await using var rig = await ManagementRig.StartAsync(new ManagementOptions { MaxWaits = 2 });
        var first = rig.GetAsync("/readyz?wait=10m");
        var second = rig.GetAsync("/readyz?wait=10m");
        await HeldBackAsync(rig, 2);
        using var third = await rig.GetAsync("/readyz?wait=10m");

        third.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        third.Headers.RetryAfter.ShouldNotBeNull();
        (await third.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldStartWith("too many waits: 2 are open");
        rig.BecomeReady();
        (await first).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await second).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Anonymous callers get half of the slots, and these are of the same number.</summary>
    [Fact]
    public async Task Wait_OfAnonymousCallers_TakesSlotsOfAll()
    {
        using var directory = new TempDirectory();
        await using var rig = await ClosedRig.StartAsync(directory.File("tokens"), options => options with { MaxWaits = 2 });
        rig.Publish(new PhaseEntered(Phase.Draining));
        var anonymous = rig.GetAsync("/readyz?wait=10m");
        await HeldBackAsync(rig, 1);
        using (var tooMany = await rig.GetAsync("/readyz?wait=10m"))
        {
            tooMany.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await tooMany.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
                .ShouldBe("too many waits without credentials: 1 is open, and no more are allowed\n");
        }

        var authorized = WaitAsync();
        await HeldBackAsync(rig, 2);
        using (var tooMany = await WaitAsync())
        {
            tooMany.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await tooMany.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldStartWith("too many waits: 2 are open");
        }

        rig.Publish(new PhaseEntered(Phase.Ready));
        (await anonymous).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await authorized).StatusCode.ShouldBe(HttpStatusCode.OK);
        await HeldBackAsync(rig, 0);

        Task<HttpResponseMessage> WaitAsync() => rig.SendAsync(HttpMethod.Get, "/readyz?wait=10m", null, ClosedRig.Authorization);
    }

    [Theory]
    [InlineData("0s", 0)]
    [InlineData("1ms", 0.001)]
    [InlineData("030s", 30)]
    [InlineData("600s", 600)]
    [InlineData("600000ms", 600)]
    [InlineData("10m", 600)]
    [InlineData("00000000000000000000000000010m", 600)]
    public void WaitTime_WellFormed_IsRead(string text, double seconds)
    {
        WaitTime.TryParse(text, out var wait, out _).ShouldBeTrue();
        wait.ShouldBe(TimeSpan.FromSeconds(seconds));
    }

    [Theory]
    [InlineData(null, "is not a time to wait")]
    [InlineData("", "is not a time to wait")]
    [InlineData("s", "is not a time to wait")]
    [InlineData("ms", "is not a time to wait")]
    [InlineData("banana", "is not a time to wait")]
    [InlineData("30", "is not a time to wait")]
    [InlineData("-1s", "is not a time to wait")]
    [InlineData("+1s", "is not a time to wait")]
    [InlineData("1.5s", "is not a time to wait")]
    [InlineData("1 s", "is not a time to wait")]
    [InlineData("1h", "is not a time to wait")]
    [InlineData("1S", "is not a time to wait")]
    [InlineData("٣s", "is not a time to wait")]
    [InlineData("11m", "is too long: at most 10m")]
    [InlineData("601s", "is too long: at most 10m")]
    [InlineData("600001ms", "is too long: at most 10m")]
    [InlineData("99999999999999999999s", "is too long: at most 10m")]
    public void WaitTime_Malformed_IsRefusedWithAReason(string? text, string reason)
    {
        WaitTime.TryParse(text, out _, out var error).ShouldBeFalse();
        error.ShouldNotBeNull().ShouldContain(reason);
    }

    [Theory]
    [InlineData("/readyz")]
    [InlineData("/livez")]
    [InlineData("/healthz")]
    [InlineData("/healthz/bind")]
    public async Task Wait_Malformed_Is400(string path)
    {
        await using var rig = await ManagementRig.StartReadyAsync();

        (await rig.GetAsync(path + "?wait=banana")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await rig.GetTextAsync(path + "?wait=1s&wait=2s")).ShouldBe("wait is given more than once\n");
    }

    private static Task HeldBackAsync(ManagementRig rig, int count) => Eventually.BecomesAsync(
        $"{count} waits are held back",
        async ValueTask<string> () =>
        {
            using var metrics = await rig.SendAsync(HttpMethod.Get, "/metrics", null, ClosedRig.Authorization);
            return (await metrics.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n')
                .Single(line => line.StartsWith("cassini_probe_waits ", StringComparison.Ordinal));
        },
        line => line == $"cassini_probe_waits {count}");
}
