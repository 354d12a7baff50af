using Cassini.Streams.Events;
using Cassini.Tests.Health;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>The list of events on the page, and the way to the parts of it.</summary>
[Collection(DashboardTests.Name)]
public class EventListTests(DashboardBrowser browser)
{
    [Fact]
    public async Task Events_BeforeAndAfterThePageIsOpened_AreListedTheNewestFirst()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(new TopicCreated("before"));
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();

        rig.Publish(new TopicCreated("after<b>"));

        await page.ShowsAsync("#events-list li:first-child", "topic=after<b>");
        await page.ShowsAsync("#events-list", "topic=before");
        await page.Browser.ClickAsync("#events-list li:first-child button");
        await page.ShowsAsync("#evidence-json", "\"topic\": \"after<b>\"");
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Events_TypesAndSearch_NarrowTheList()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();
        rig.Publish(new TopicCreated("home/door"), new TopicCreated("work/desk"), new SessionEnded("home", SessionEndReason.Expired));
        await page.ShowsAsync("#events-list", "home/door");
        (await page.CountAsync("#events-list [data-type=loadSampled]")).ShouldBe(0, "they come all the time");

        await page.Browser.TypeAsync("#events-search", "HOME");
        await page.HasAsync("those with the word", "#events-list li", 2);
        await page.Browser.RunAsync(
            "[...document.querySelectorAll('#events-types button')].find(button => button.innerText === 'topic').click()");
        await page.HasAsync("no topics", "#events-list li", 1);
        await page.ShowsAsync("#events-list", "sessionEnded");
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Events_Paused_StayUntilItGoesOn()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();
        rig.Publish(new TopicCreated("first"));
        await page.ShowsAsync("#events-list", "first");

        await page.Browser.ClickAsync("#events-pause");
        rig.Publish(new TopicCreated("second"), Happened.BindFailed());
        await page.ShowsAsync("#transitions", "BindFailed");
        (await page.TextAsync("#events-list")).ShouldNotContain("second");
        await page.Browser.ClickAsync("#events-pause");

        await page.ShowsAsync("#events-list", "second");
    }

    [Fact]
    public async Task Parts_WithTwoHundredConnections_AreNearTheTopAndOneClickAway()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        for (var id = 1; id <= 200; id++)
        {
            rig.Publish(
                new ConnectionAccepted(id, Happened.Endpoint, $"127.0.0.1:{20_000 + id}"),
                new HandshakeCompleted(id, "alice", "TLS 1.3", TimeSpan.Zero),
                new SessionOpened(id, $"client-{id}", "alice", "MQTT 5.0", false));
        }

        var page = await browser.OpenAsync(rig.Address);
        await page.ShowsAsync("#connections-range", "1–12 of 200");

        (await page.Browser.RunAsync("return document.documentElement.scrollHeight")).GetInt32().ShouldBeLessThan(5_000);
        await page.Browser.RunAsync("document.querySelector('.parts a[href=\"#topics-heading\"]').click()");
        await Eventually.BecomesAsync(
            "the topics are at the top, below the way to the parts",
            async () => (await page.Browser.RunAsync(
                "return document.querySelector('#topics-heading').getBoundingClientRect().top")).GetDouble(),
            top => top is > 20 and < 500);
    }
}
