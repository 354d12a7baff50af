using System.Text.Json.Nodes;
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
        await using var rig = await ManagementRig.StartReadyAsync(
            parts: new BrokerParts { Options = new BrokerOptions { TopicIdle = TimeSpan.Zero } });
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

        // The one with the focus goes: the Tab key and the arrows go on from the first one.
        await page.ShowsAsync("#tree [data-path=\"home/kitchen\"]", "a\nretained");
        await page.PressAsync("ArrowRight", 39);
        (await FocusedAsync(page)).ShouldBe("home/kitchen/a");
        await rig.Broker.Topics.SweepAsync(topic => topic.Name != "home/kitchen/a");
        await page.HasAsync("it is gone", "#tree [data-path=\"home/kitchen/a\"]", 0);
        (await page.TextAsync("#tree")).ShouldContain("lamp");
        (await FocusedAsync(page)).ShouldBe("home");
        (await page.CountAsync("#tree [tabindex=\"0\"]")).ShouldBe(1);
        (await page.CountAsync("#tree [data-path=home][tabindex=\"0\"]")).ShouldBe(1);
    }

    /// <summary>With so many topics the tree is read every five seconds at most.</summary>
    [Fact]
    public async Task Tree_TopicComesBeforeTheNextReadIsDue_IsShownThen()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await using var front = await Front.StartAsync(rig.Address);
        front.TakeOver(context => SayTotalAsync(context, rig, 50_000));
        await PublishAsync(rig, "early");
        var page = await browser.OpenAsync(front.Address);
        await page.ShowsAsync("#tree", "early");

        await PublishAsync(rig, "late");

        await page.ShowsAsync("#tree", "late");
    }

    /// <summary>Although the tree is not due for half a minute.</summary>
    [Fact]
    public async Task Tree_UserRemovesAndAnotherRunBegins_IsReadAtOnce()
    {
        Programs.Require("chromium");
        var rig = await ManagementRig.StartReadyAsync();
        await using var front = await Front.StartAsync(rig.Address);
        front.TakeOver(context => SayTotalAsync(context, rig, 300_000));
        DashboardPage page;
        await using (rig)
        {
            await PublishAsync(rig, "first");
            page = await browser.OpenAsync(front.Address);
            await page.ShowsAsync("#tree", "first");

            // What is postponed for longer than this never happens.
            await page.Browser.RunAsync(
                "const set = window.setTimeout; window.setTimeout = (act, after) => after > 8_000 ? 0 : set(act, after)");
            await page.Browser.ClickAsync("#tree .row .name");
            await page.ShowsAsync("#topic-remove", "Remove retained");
            await page.Browser.ClickAsync("#topic-remove");
            await page.Browser.ClickAsync("#confirm-yes");
            await page.ShowsAsync("it is not retained", "#tree", text => !text.Contains("retained", StringComparison.Ordinal));
            await rig.StopAsync();
            await page.ShowsAsync("#lost-text", "The broker was stopped.");
        }

        rig = await ManagementRig.StartAsync(port: rig.Address.Port);
        await using var second = rig;
        await PublishAsync(rig, "second");
        second.BecomeReady();
        await page.ShowsAsync("#tree", "second");
        (await page.TextAsync("#tree")).ShouldNotContain("first");
    }

    /// <summary>The read of the first letter is never answered: it is given up, and those between it and the last are not sent.</summary>
    [Fact]
    public async Task Prefix_TypedFast_IsReadAFewTimesAndShowsTheLast()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await PublishAsync(rig, "home/lamp", "hall");
        await using var front = await Front.StartAsync(rig.Address);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        front.TakeOver(async context =>
        {
            if (context.Request.Path != "/topics" || context.Request.Query["prefix"] != "h")
            {
                return false;
            }

            asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
            return true;
        });
        var page = await browser.OpenAsync(front.Address);
        await page.ShowsAsync("#tree", "home");
        await page.NoteRequestsAsync();
        await TypeAsync(page, "h");
        await Eventually.CompletesAsync("the first letter is read", asked.Task);

        await TypeAsync(page, "ho", "hom", "home", "home/", "home/l", "home/la");

        await page.ShowsAsync("#topics-found", "home/lamp");
        (await page.TextAsync("#topics-found")).ShouldNotContain("hall");
        (await page.RequestsAsync("GET topics?")).Select(request => request.Split(['=', '&'])[1]).ShouldBe(["h", "home%2Fla"]);
    }

    [Fact]
    public async Task Tree_AnswerFromBeforeMore_IsIgnored()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await PublishAsync(rig, [.. Enumerable.Range(0, 250).Select(i => $"many/{i:000}")]);
        await using var front = await Front.StartAsync(rig.Address);
        var page = await browser.OpenAsync(front.Address);
        await page.ShowsAsync("#tree", "many");
        await page.Browser.ClickAsync("#tree [data-path=many] .twist");
        await page.HasAsync("a page and more", "#tree [aria-level=\"2\"]", 101);

        // The whole tree is read again, and its answer is late.
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var late = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        front.TakeOver(async context =>
        {
            if (context.Request.Path != "/topics/tree" || !context.Request.Query.ContainsKey("open") || late.Task.IsCompleted)
            {
                return false;
            }

            var answer = await rig.GetTextAsync(context.Request.Path + context.Request.QueryString);
            asked.TrySetResult();
            await late.Task;
            await context.Response.WriteAsync(answer, context.RequestAborted);
            return true;
        });
        await PublishAsync(rig, "other");
        await Eventually.CompletesAsync("the tree is read again", asked.Task);
        await page.Browser.ClickAsync("#tree [aria-level=\"2\"]:last-child .link");
        await page.HasAsync("two pages and more", "#tree [aria-level=\"2\"]", 201);

        late.SetResult();
        await page.ShowsAsync("#topics-count", "251");
        (await page.CountAsync("#tree [aria-level=\"2\"]")).ShouldBe(201);
    }

    /// <summary>The line of a request is bounded: the levels whose names have no room in it keep what they show.</summary>
    [Fact]
    public async Task Tree_ManyLongNamesOpen_IsStillRead()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await PublishAsync(rig, [.. Enumerable.Range(0, 30).Select(i => $"{i:00}{new string('x', 600)}/leaf")]);
        var page = await OpenAsync(rig, "xxx");
        await page.Browser.RunAsync("document.querySelectorAll('#tree .twist').forEach(twist => twist.click())");
        await page.HasAsync("all are open", "#tree [aria-level=\"2\"]", 30);

        await PublishAsync(rig, "00last");

        await page.ShowsAsync("#tree", "00last");
        (await page.TextAsync("#topics-failed")).ShouldBeEmpty();
        (await page.CountAsync("#tree [aria-level=\"2\"]")).ShouldBe(30);
        await page.HasNoErrorsAsync();
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

    /// <summary>One text after the other, without a pause.</summary>
    private static Task TypeAsync(DashboardPage page, params string[] texts) => page.Browser.RunAsync(
        """
        const prefix = document.querySelector('#topics-prefix');
        for (const text of arguments[0]) {
          prefix.value = text;
          prefix.dispatchEvent(new Event('input'));
        }
        """,
        (object)texts);

    /// <summary>Answers for the tree, as if there were so many topics.</summary>
    private static async Task<bool> SayTotalAsync(HttpContext context, ManagementRig rig, int topics)
    {
        if (context.Request.Path != "/topics/tree")
        {
            return false;
        }

        var answer = JsonNode.Parse(await rig.GetTextAsync(context.Request.Path + context.Request.QueryString))!;
        answer["topics"] = topics;
        await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
        return true;
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
