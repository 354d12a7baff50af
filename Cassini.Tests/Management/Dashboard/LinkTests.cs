using Cassini.Management.Http;
using Cassini.Tests.Health;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>A link carries no token, and leaving the page forgets it.</summary>
[Collection(DashboardTests.Name)]
public class LinkTests(DashboardBrowser browser)
{
    [Fact]
    public async Task Links_NoTokenInUse_LeadToTheOtherViews()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();

        (await page.TextAsync("#views")).ShouldContain("healthz");
    }

    [Fact]
    public async Task Links_TokenInUse_OnlyThoseThatWorkAndThePageStays()
    {
        Programs.Require("chromium");
        using var directory = new TempDirectory();
        await using var rig = await ManagementRig.StartReadyAsync(
            new ManagementOptions { RequireCredentials = true, TokenPath = directory.Write("tokens", "s3cret\n") });
        rig.Publish(Happened.BindFailed());
        var page = await browser.OpenAsync(rig.Address);
        await page.ShowsAsync("#access", "bearer token");
        await page.Browser.TypeAsync("#token", "s3cret");
        await page.Browser.ClickAsync("#access button");
        await page.ShowsAsync("#checks [data-check=bind]", "BindFailed");
        (await page.TextAsync("#views")).ShouldBeEmpty();
        (await page.TextAsync("footer")).ShouldBeEmpty();

        // In a tab of its own, which gets no hold of this one.
        var link = (await page.Browser.RunAsync(
            "const { href, target, rel } = document.querySelector('[data-check=bind] .reason'); return [href, target, rel].join(' ')"))
            .GetString();
        link.ShouldBe($"{rig.Address}runbook#BindFailed _blank noopener");
        (await rig.GetAsync("/runbook", "text/html")).IsSuccessStatusCode.ShouldBeTrue();
        await page.Browser.ClickAsync("[data-check=bind] .reason");
        await page.IsLiveAsync();
        await page.ShowsAsync("#checks [data-check=bind]", "BindFailed");
    }
}
