using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Tests.Health;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Dashboard;

[Collection(DashboardTests.Name)]
public class FeedLossTests(DashboardBrowser browser)
{
    [Fact]
    public async Task Feed_LostAndBack_ShowsItAtOnceAndWhatWasMissed()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await using var front = await Front.StartAsync(rig.Address);
        var page = await browser.OpenAsync(front.Address);
        await page.IsLiveAsync();
        (await page.TextAsync("#lost")).ShouldBeEmpty();

        front.Cut();
        await page.ShowsAsync("#lost-text", "Feed lost");
        await page.ShowsAsync("#lost-age", "ago");
        (await page.TextAsync("#feed")).ShouldBe("feed lost");
        (await page.Browser.RunAsync("return document.title")).GetString()
            .ShouldBe($"⚠ feed lost · {Environment.MachineName} · Cassini");
        (await page.Browser.RunAsync("return getComputedStyle(document.querySelector('main')).filter")).GetString()
            .ShouldBe("grayscale(1)");

        rig.Publish(Happened.BindFailed());
        front.LetPass();
        await page.IsLiveAsync();
        await page.ShowsAsync("#checks [data-check=bind]", "BindFailed");
        await page.ShowsAsync(
            "the missed transition", "#transitions li:first-child, #transitions li:nth-child(2)", shown => shown.Contains("BindFailed"));
        (await page.TextAsync("#lost")).ShouldBeEmpty();
    }

    /// <summary>The broker says goodbye: nobody has to look for what went wrong.</summary>
    [Fact]
    public async Task Feed_GracefulStop_SaysStoppedWithItsEndpointsClosedUntilTheNextStart()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.ShowsAsync("#endpoints", "bound");

        rig.Publish(
            new PhaseEntered(Phase.Draining), new ListenerClosed(Happened.Endpoint, ListenerCloseReason.Shutdown),
            new PhaseEntered(Phase.Stopped));
        await rig.StopAsync();
        await page.ShowsAsync("#lost-text", "The broker was stopped.");
        await page.ShowsAsync("#lost-age", "It stopped");
        (await page.TextAsync("#feed")).ShouldBe("stopped");
        (await page.TextAsync("#verdict-word")).ShouldBe("stopped");
        (await page.TextAsync("#verdict-why")).ShouldBe("The broker was stopped.");
        (await page.TextAsync("#probes")).ShouldBe("not ready");
        (await page.TextAsync("#endpoints")).ShouldContain("closed");
        (await page.CountAsync("#endpoints .status[data-status=off]")).ShouldBe(1);

        // The attempts to connect that follow fail, and are no news.
        await page.ShowsAsync(
            "it goes on looking", "#lost-age", shown => !shown.StartsWith("It stopped 0", StringComparison.Ordinal)
                && !shown.StartsWith("It stopped 1 s", StringComparison.Ordinal));
        (await page.TextAsync("#lost-text")).ShouldStartWith("The broker was stopped.");
        (await page.Browser.RunAsync("return document.title")).GetString().ShouldBe($"stopped · {Environment.MachineName} · Cassini");

        await using var second = await ManagementRig.StartAsync(port: rig.Address.Port);
        second.BecomeReady();
        await page.IsLiveAsync();
        await page.ShowsAsync("#verdict", "ok");
        await page.ShowsAsync("#endpoints", "bound");
    }

    /// <summary>Where the server of an application stops before its broker, the goodbye is all that the page gets.</summary>
    [Fact]
    public async Task Feed_GoodbyeWithoutAPhase_ClosesTheEndpointsToo()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.ShowsAsync("#endpoints", "bound");

        await rig.StopAsync();
        await page.ShowsAsync("#lost-text", "The broker was stopped.");
        await page.ShowsAsync("#endpoints", "closed");
        await page.ShowsAsync("#verdict-word", "stopped");
    }

    [Fact]
    public async Task Feed_AnotherRunOnThePort_StartsAfresh()
    {
        Programs.Require("chromium");
        var first = await ManagementRig.StartReadyAsync();
        DashboardPage page;
        await using (first)
        {
            first.Publish(Happened.BindFailed(), new ConnectionAccepted(1, Happened.Endpoint, "127.0.0.1:40001"));
            page = await browser.OpenAsync(first.Address);
            await page.ShowsAsync("#transitions", "BindFailed");
            await page.ShowsAsync("one connection", "[data-tile=connections] .value", shown => shown == "1");
            await first.StopAsync();
            await page.ShowsAsync("#lost-text", "The broker was stopped.");
        }

        await using var second = await ManagementRig.StartAsync(port: first.Address.Port);
        second.BecomeReady();
        await page.ShowsAsync("#epoch", second.Hub.Epoch.ToString());
        await page.ShowsAsync("#verdict", "ok");
        await page.ShowsAsync("no connection", "[data-tile=connections] .value", shown => shown == "0");
        (await page.TextAsync("#transitions")).ShouldNotContain("BindFailed");
        await page.HasAsync("no row of the other run", "#connections-rows tr", 0);
    }

    [Fact]
    public async Task Access_Unauthorized_AsksForATokenAndGoesOnWithIt()
    {
        Programs.Require("chromium");
        using var directory = new TempDirectory();
        var options = new ManagementOptions { RequireCredentials = true, TokenPath = directory.Write("tokens", "s3cret\n") };
        await using var rig = await ManagementRig.StartReadyAsync(options);
        var page = await browser.OpenAsync(rig.Address);
        await page.ShowsAsync("#access", "bearer token");
        (await page.TextAsync("#feed")).ShouldBe("no access");
        await page.ShowsAsync("#verdict-word", "locked");
        (await page.TextAsync("#verdict-why"))
            .ShouldBe("Credentials are needed: a bearer token, or a client certificate of the broker's CA.");
        (await page.TextAsync("#access")).ShouldContain("Management:TokenPath");
        (await page.TextAsync("body")).ShouldNotContain("connecting");
        (await page.TextAsync("#load-heading")).ShouldBeEmpty("nothing is shown of what may not be read");
        (await page.TextAsync(".meta")).ShouldBeEmpty("nothing of a run either");
        (await page.Browser.RunAsync("return document.title")).GetString().ShouldBe("locked · Cassini");

        await page.Browser.TypeAsync("#token", "wrong");
        await page.Browser.ClickAsync("#access button");
        await page.ShowsAsync("#access-note", "refused");
        await page.Browser.TypeAsync("#token", "s3cret");
        await page.Browser.ClickAsync("#access button");
        await page.IsLiveAsync();
        await page.ShowsAsync("#verdict", "ok");
        await page.ShowsAsync("#certificates", "days left");
        (await page.TextAsync("#access")).ShouldBeEmpty();
        await page.ShowsAsync("#connections-range", "none");
        (await page.Browser.RunAsync("return JSON.stringify([localStorage, sessionStorage, document.cookie])"))
            .GetString()!.ShouldNotContain("s3cret");
    }
}
