using Cassini.Streams.Events;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>The settings and the log's level on the page.</summary>
[Collection(DashboardTests.Name)]
public class ConfigurationTests(DashboardBrowser browser)
{
    [Fact]
    public async Task Settings_ShowWhatDiffersAndWhatWaitsForARestart()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);

        await page.ShowsAsync("#configuration-count", "2 of 3");
        (await page.TextAsync("#configuration-rows [data-setting='Health:Hold']")).ShouldContain("30s after a restart");
        (await page.TextAsync("#configuration-rows [data-setting='Listener:Backlog']")).ShouldContain("100");
        (await page.TextAsync("#configuration-restart")).ShouldBe("1 setting waits for a restart.");
        (await page.TextAsync("#configuration-problem")).ShouldBeEmpty();
        (await page.TextAsync("#configuration-file")).ShouldBe("file appsettings.json");
        (await page.TextAsync("#configuration-link")).ShouldBe("Configuration");

        await ChooseAsync(page, "#configuration-show", "restart");
        await page.HasAsync("the one that waits", "#configuration-rows tr", 1);
        await ChooseAsync(page, "#configuration-show", "all");
        await page.HasAsync("all", "#configuration-rows tr", 3);
        await page.Browser.TypeAsync("#configuration-search", "capacity");
        await page.HasAsync("the one that is searched", "#configuration-rows tr", 1);
        await page.ShowsAsync("#configuration-rows", "Hub:LogCapacity");
        await page.Browser.TypeAsync("#configuration-search", "!");
        await page.ShowsAsync("#configuration-none", "No such setting.");
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Settings_ReloadRefused_IsAnAlertUntilOneIsTaken()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.ShowsAsync("#configuration-count", "2 of 3");

        rig.Settings.Problem = "Health:Hold is <b>x</b>";
        rig.Publish(new ConfigurationReloadFailed("Health:Hold is <b>x</b>", 0));
        await page.ShowsAsync("#configuration-problem", "those before stay in force: Health:Hold is <b>x</b>");
        (await page.AccessibilityTreeAsync()).ShouldContain(node => node.Role == "alert");

        rig.Settings.Problem = null;
        rig.Publish(new ConfigurationLoaded([], []));
        await page.ShowsAsync("no problem", "#configuration-problem", string.IsNullOrEmpty);
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task LogLevel_PutForAWhileAndReturned_ShowsTheAnswer()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.ShowsAsync("#level-now", "information, as configured");

        await page.Browser.TypeAsync("#level-category", "Cassini.Streams.Tls");
        await page.Browser.ClickAsync("#level button[type=submit]");
        await page.ShowsAsync("#level-result", "The level is debug for Cassini.Streams.Tls for a while.");
        (await page.TextAsync("#level-now")).ShouldStartWith("debug for Cassini.Streams.Tls, for ");
        (await page.TextAsync("#level-now")).ShouldEndWith("more; configured is information");
        rig.LogLevels.Current.Category.ShouldBe("Cassini.Streams.Tls");
        var first = await page.TextAsync("#level-now");
        await page.ShowsAsync("it counts down", "#level-now", text => text != first);

        await page.Browser.ClickAsync("#level-return");
        await page.ShowsAsync("#level-result", "The configured level, information, is in force again.");
        (await page.TextAsync("#level-now")).ShouldBe("information, as configured");

        // Levels of another broker: what it answers is said.
        await ChooseAsync(page, "#level-word", "trace");
        await page.Browser.ClickAsync("#level button[type=submit]");
        await page.ShowsAsync("#level-result", "The level was not changed: level=\"trace\" is none of debug, information, none");
    }

    private static Task ChooseAsync(DashboardPage page, string selector, string value) => page.Browser.RunAsync(
        "const list = document.querySelector(arguments[0]); list.value = arguments[1]; list.dispatchEvent(new Event('change'))",
        selector, value);
}
