using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Management.Messages;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>The topics as a tree, and the retained message of one.</summary>
[Collection(DashboardTests.Name)]
public class TopicTreeTests(DashboardBrowser browser)
{
    private const string Hostile = "<img src=x onerror=alert(1)>";

    [Fact]
    public async Task Tree_ByKeyboard_IsOpenedWalkedAndClosed()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await PublishAsync(rig, "garden/gate", "home/kitchen/lamp", "home/kitchen/oven", "home/door");
        var page = await OpenAsync(rig, "home");
        await page.Browser.RunAsync("document.querySelector('#tree [tabindex=\"0\"]').focus()");
        (await FocusedAsync(page)).ShouldBe("garden");

        await page.PressAsync("End", 35);
        (await FocusedAsync(page)).ShouldBe("home");
        await page.PressAsync("ArrowRight", 39);
        await page.ShowsAsync("#tree", "kitchen");
        (await page.Browser.RunAsync("return document.activeElement.getAttribute('aria-expanded')")).GetString().ShouldBe("true");
        await page.PressAsync("ArrowRight", 39);
        (await FocusedAsync(page)).ShouldBe("home/door");
        await page.PressAsync("k", 75);
        (await FocusedAsync(page)).ShouldBe("home/kitchen");
        await page.PressAsync("ArrowRight", 39);
        await page.ShowsAsync("#tree", "oven");
        await page.PressAsync("ArrowDown", 40);
        (await FocusedAsync(page)).ShouldBe("home/kitchen/lamp");
        await page.PressAsync("Enter", 13);
        await page.ShowsAsync("#topic-name", "home/kitchen/lamp");
        await page.ShowsAsync("#topic-value", "on");
        (await page.TextAsync("#topic-facts")).ShouldContain("2 B, text");

        await page.PressAsync("ArrowLeft", 37);
        (await FocusedAsync(page)).ShouldBe("home/kitchen");
        await page.PressAsync("ArrowLeft", 37);
        (await page.TextAsync("#tree")).ShouldNotContain("oven");
        await page.PressAsync("Home", 36);
        (await FocusedAsync(page)).ShouldBe("garden");
        (await page.CountAsync("#tree [tabindex=\"0\"]")).ShouldBe(1);
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Tree_TopicsComeAndGo_KeepsWhatIsOpenAndTheFocus()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await PublishAsync(rig, "home/kitchen/lamp");
        var page = await OpenAsync(rig, "home");
        await page.Browser.ClickAsync("#tree [data-path=home] .twist");
        await page.ShowsAsync("#tree", "kitchen");
        await page.Browser.ClickAsync("#tree [data-path=\"home/kitchen\"] .twist");
        await page.ShowsAsync("#tree", "lamp");
        await page.Browser.RunAsync("document.querySelector('#tree [data-path=\"home/kitchen/lamp\"]').kept = true");

        await PublishAsync(rig, "home/attic", "home/kitchen/a");

        await page.ShowsAsync("#tree", "attic");
        (await page.TextAsync("#tree")).ShouldContain("lamp");
        (await FocusedAsync(page)).ShouldBe("home/kitchen");
        (await page.Browser.RunAsync("return document.querySelector('#tree [data-path=\"home/kitchen/lamp\"]').kept")).GetBoolean()
            .ShouldBeTrue("the element is the same one");
    }

    [Fact]
    public async Task Tree_MoreThanAHundredNames_AreShownWhenAskedForAndInABoundedHeight()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await PublishAsync(rig, [.. Enumerable.Range(0, 250).Select(i => $"many/{i:000}")]);
        var page = await OpenAsync(rig, "many");
        await page.Browser.ClickAsync("#tree [data-path=many] .twist");
        await page.HasAsync("a page and more", "#tree [aria-level=\"2\"]", 101);

        await page.Browser.ClickAsync("#tree [aria-level=\"2\"]:last-child .link");
        await page.HasAsync("two pages and more", "#tree [aria-level=\"2\"]", 201);
        await page.Browser.ClickAsync("#tree [aria-level=\"2\"]:last-child .link");
        await page.HasAsync("all", "#tree [aria-level=\"2\"]", 250);
        (await page.Browser.RunAsync("return document.querySelector('#tree').getBoundingClientRect().height")).GetDouble()
            .ShouldBeLessThan(500);
        await page.HasNoErrorsAsync();
    }

    [Theory]
    [InlineData("{\"on\":true,\"big\":12345678901234567890}", "{\n  \"on\": true,\n  \"big\": 12345678901234567890\n}", "JSON")]
    [InlineData("two\nlines", "two\nlines", "text")]
    [InlineData("\u0001\u0002AB", "0000  01 02 41 42", "bytes")]
    [InlineData(Hostile, Hostile, "text")]
    public async Task Value_IsShownAsWhatItIs(string payload, string shown, string kind)
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await rig.Broker.PublishAsync(
            new MqttMessage
            {
                Topic = Hostile,
                Payload = System.Text.Encoding.UTF8.GetBytes(payload),
                Retain = true,
                QoS = QualityOfService.AtLeastOnce,
            },
            TestContext.Current.CancellationToken);
        var page = await OpenAsync(rig, "retained");
        await page.Browser.ClickAsync("#tree .row .name");

        await page.ShowsAsync("#topic-value", shown);
        (await page.TextAsync("#topic-name")).ShouldBe(Hostile);
        var facts = await page.TextAsync("#topic-facts");
        facts.ShouldContain(kind);
        facts.ShouldContain("the broker itself");
        (await page.CountAsync("main img")).ShouldBe(0);
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Value_Removed_AsksFirst()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await PublishAsync(rig, "home/lamp", "home/door");
        var page = await OpenAsync(rig, "home");
        await page.Browser.ClickAsync("#tree [data-path=home] .twist");
        await page.ShowsAsync("#tree", "lamp");
        await page.Browser.ClickAsync("#tree [data-path=\"home/lamp\"] .name");
        await page.ShowsAsync("#topic-value", "on");
        await page.Browser.ClickAsync("#topic-remove");
        await page.ShowsAsync("#confirm", "home/lamp. Those who subscribe from now on do not get it.");
        await page.Browser.ClickAsync("#confirm-yes");

        await page.ShowsAsync("#topic-result", "The retained message was removed.");
        await page.ShowsAsync("#topic-said", "No message is retained here.");
        rig.Broker.Retained.Count.ShouldBe(1);
        (await page.TextAsync("#topic-remove")).ShouldBeEmpty();
    }

    /// <summary>Nothing of another topic stands under its name, least of all the button that removes.</summary>
    [Fact]
    public async Task Value_NotReadYet_IsNotThatOfTheTopicBefore()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await PublishAsync(rig, "lamp", "door");
        await using var front = await Front.StartAsync(rig.Address);
        front.TakeOver(async context =>
        {
            if (context.Request.Path != "/retained" || context.Request.Query["topic"] != "door")
            {
                return false;
            }

            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await context.Response.WriteAsync("come back later\n", context.RequestAborted);
            return true;
        });
        var page = await browser.OpenAsync(front.Address);
        await page.ShowsAsync("#tree", "lamp");
        await page.Browser.ClickAsync("#tree [data-path=lamp] .name");
        await page.ShowsAsync("#topic-value", "on");

        await page.Browser.ClickAsync("#tree [data-path=door] .name");
        await page.ShowsAsync("#topic-failed", "Not up to date: come back later");
        (await page.TextAsync("#topic-name")).ShouldBe("door");
        (await page.TextAsync("#topic-said")).ShouldBe("Loading the topic.");
        (await page.TextAsync("#topic-value, #topic-facts, #topic-remove")).Trim().ShouldBeEmpty();

        front.LetPass();
        await page.ShowsAsync("#topic-value", "on");
        await page.ShowsAsync("#topic-remove", "Remove retained");
    }

    [Fact]
    public async Task Value_AgainstTheRules_SaysSo()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync(
            parts: new BrokerParts { Options = new BrokerOptions { Access = Rules.Of("deny all management home/#", "allow all * #") } });
        await PublishAsync(rig, "home/lamp");
        var page = await OpenAsync(rig, "home");
        await page.Browser.TypeAsync("#topics-prefix", "home/");
        await page.ShowsAsync("#topics-found", "home/lamp");
        await page.Browser.ClickAsync("#topics-found button");

        await page.ShowsAsync("#topic-said", "\"management\" may not subscribe to \"home/lamp\": see the rules in Broker:Access");
        (await page.TextAsync("#topic-value")).ShouldBeEmpty();
        await page.NoteRequestsAsync();
        await PublishAsync(rig, "home/new");
        await page.ShowsAsync("#topics-found", "home/new");
        (await page.RequestsAsync("GET topics?")).ShouldNotBeEmpty();
        (await page.RequestsAsync("GET retained?")).ShouldBeEmpty("it is not asked for again");
        rig.Broker.Statistics.Denied.ShouldBe(1);
    }

    private static async Task PublishAsync(ManagementRig rig, params string[] topics)
    {
        foreach (var topic in topics)
        {
            await rig.Broker.PublishAsync(
                new MqttMessage { Topic = topic, Payload = "on"u8.ToArray(), Retain = true }, TestContext.Current.CancellationToken);
        }
    }

    private async Task<DashboardPage> OpenAsync(ManagementRig rig, string shown)
    {
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();
        await page.ShowsAsync("#tree", shown);
        return page;
    }

    private static async Task<string> FocusedAsync(DashboardPage page) =>
        (await page.Browser.RunAsync("return document.activeElement.dataset.path ?? ''")).GetString()!;
}
