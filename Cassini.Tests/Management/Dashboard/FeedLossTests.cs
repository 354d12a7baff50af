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
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();
        (await page.TextAsync("#lost")).ShouldBeEmpty();

        await rig.StopAsync();
        await page.ShowsAsync("#lost-text", "Feed lost");
        await page.ShowsAsync("#lost-age", "ago");
        (await page.TextAsync("#feed")).ShouldBe("feed lost");
        (await page.Browser.RunAsync("return document.title")).GetString()
            .ShouldBe($"⚠ feed lost · {Environment.MachineName} · Cassini");
        (await page.Browser.RunAsync("return getComputedStyle(document.querySelector('main')).filter")).GetString()
            .ShouldBe("grayscale(1)");

        rig.Publish(Happened.BindFailed());
        await using var back = rig.CreateAnother(rig.Options with { Address = rig.Address.Authority });
        await back.StartAsync(TestContext.Current.CancellationToken);
        await page.IsLiveAsync();
        await page.ShowsAsync("#checks [data-check=bind]", "BindFailed");
        await page.ShowsAsync(
            "the missed transition", "#transitions li:first-child, #transitions li:nth-child(2)", shown => shown.Contains("BindFailed"));
        (await page.TextAsync("#lost")).ShouldBeEmpty();
        await back.StopAsync(TestContext.Current.CancellationToken);
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
            await page.ShowsAsync("#lost-text", "Feed lost");
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
