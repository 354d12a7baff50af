using System.Globalization;
using System.Text;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Integration;
using Cassini.Tests.Management.Messages;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>Publishing and subscribing from the page.</summary>
[Collection(DashboardTests.Name)]
public class TestClientTests(DashboardBrowser browser)
{
    private static readonly ManagementOptions HeartbeatOften = new() { FeedHeartbeat = TimeSpan.FromSeconds(2) };

    [Fact]
    public async Task Publish_OverARealBroker_ReachesTheListAndAClientAndBack()
    {
        Programs.Require("chromium");
        await using var broker = await RunningBroker.ServingMqttAsync();
        await using var app = ManagementApp.Create(
            ManagedBroker.Of(broker.Mqtt), new ManagementOptions { Address = "127.0.0.1:0" }, NullLoggerFactory.Instance,
            TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        await using var client = await PlainMqttClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync("home/#");
        var page = await browser.OpenAsync(ManagementApp.AddressOf(app));
        await page.IsLiveAsync();
        await SubscribeAsync(page, "home/#");

        await PublishAsync(page, "home/lamp", "on and off");

        await page.ShowsAsync("#publish-result", "Published 10 B to home/lamp (1). It has subscribers.");
        await page.ShowsAsync("#messages-list", "on and off");
        var received = (await client.ReceiveAsync("the client gets it")).ShouldNotBeNull();
        (received.Topic, received.Text).ShouldBe(("home/lamp", "on and off"));
        (await client.PublishAsync("home/back")).ShouldBe(ReasonCode.Success);
        await page.ShowsAsync("#messages-list li:first-child", "home/back");
        await page.ShowsAsync("#messages-count", "2 received");

        await page.Browser.ClickAsync("#messages-subscribe");
        await page.ShowsAsync("#messages-state", "Not subscribed.");
        await Eventually.HoldsAsync("its subscription is gone", () => broker.Mqtt.Broker.Statistics.Subscriptions == 1);
        await page.HasNoErrorsAsync();
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task TopicOfTheTree_LeadsToTheFormsAndRetainsWhatIsPublished()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "a b" }, TestContext.Current.CancellationToken);
        var page = await OpenAsync(rig);
        await page.ShowsAsync("#tree", "a b");
        await page.Browser.ClickAsync("#tree .row .name");
        await page.ShowsAsync("#topic-said", "No message is retained here.");

        await page.Browser.ClickAsync("#topic-subscribe");
        await page.ShowsAsync("#messages-state", "Subscribed to a b as management.");
        await page.Browser.RunAsync("document.querySelector('#topic-publish').scrollIntoView({ block: 'center' })");
        await page.Browser.ClickAsync("#topic-publish");
        (await page.Browser.RunAsync("return document.activeElement.id + ' ' + document.querySelector('#publish-topic').value"))
            .GetString().ShouldBe("publish-payload a b");
        await page.Browser.TypeAsync("#publish-payload", "kept");
        await page.Browser.ClickAsync("#publish-retain");
        await page.Browser.ClickAsync("#publish-send");

        await page.ShowsAsync("#publish-result", "Published 4 B to a b (1).");
        await page.ShowsAsync("#messages-list", "kept");
        await page.ShowsAsync("#topic-value", "kept");
        await page.ShowsAsync("#topic-facts", "management");
        (await page.Browser.ErrorsAsync()).ShouldAllBe(error => error.Contains("/retained?topic=a+b - ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Refusals_AreToldAtTheForm()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync(
            parts: new BrokerParts { Options = new BrokerOptions { Access = Rules.Of("deny all * secret/#", "allow all * #") } });
        var page = await OpenAsync(rig);

        await PublishAsync(page, "secret/x", "1");
        await page.ShowsAsync(
            "#publish-result", "Not published: \"management\" may not publish to \"secret/x\": see the rules in Broker:Access");
        await PublishAsync(page, "a/#", "1");
        await page.ShowsAsync("#publish-result", "Not published: 'a/#' is not a topic name");
        await SubscribeAsync(page, "secret/#", "Not subscribed: \"management\" may not subscribe to \"secret/#\"");

        await SubscribeAsync(page, "open/#");
        await rig.Broker.AccessReview.ChangeAsync(Rules.Of("deny all * #"));
        await page.ShowsAsync(
            "#messages-state",
            "Not subscribed any more: the access rules (Broker:Access) no longer allow \"management\" to subscribe to \"open/#\".");
        (await page.TextAsync("#messages-subscribe")).ShouldBe("Subscribe");
    }

    /// <summary>Credentials that were withdrawn, or that reading alone does without: the page asks for them.</summary>
    [Fact]
    public async Task Actions_Unauthorized_AskForAToken()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await rig.Broker.PublishAsync(
            new MqttMessage { Topic = "a", Payload = "on"u8.ToArray(), Retain = true }, TestContext.Current.CancellationToken);
        await using var front = await Front.StartAsync(rig.Address);
        front.TakeOver(async context =>
        {
            if (HttpMethods.IsGet(context.Request.Method) && context.Request.Path != "/messages")
            {
                return false;
            }

            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            await context.Response.WriteAsync("credentials are needed\n", context.RequestAborted);
            return true;
        });
        var page = await browser.OpenAsync(front.Address);
        await page.IsLiveAsync();
        (await page.TextAsync("#access")).ShouldBeEmpty();

        await PublishAsync(page, "a", "1");
        await page.ShowsAsync("#publish-result", "Not published: credentials are needed");
        await IsAskedForATokenAsync(page);
        await SubscribeAsync(page, "a", "Not subscribed: credentials are needed");
        await IsAskedForATokenAsync(page);
        await page.Browser.ClickAsync("#level button[type=submit]");
        await page.ShowsAsync("#level-result", "The level was not changed: credentials are needed");
        await IsAskedForATokenAsync(page);
        await page.Browser.RunAsync("document.querySelector('#tree').scrollIntoView({ block: 'center' })");
        await page.Browser.ClickAsync("#tree .row .name");
        await page.ShowsAsync("#topic-remove", "Remove retained");
        await page.Browser.ClickAsync("#topic-remove");
        await page.Browser.ClickAsync("#confirm-yes");
        await page.ShowsAsync("#topic-result", "The retained message was not removed: credentials are needed");
        await IsAskedForATokenAsync(page);
        (await page.TextAsync("#feed")).ShouldBe("live");
    }

    [Fact]
    public async Task Messages_HostileOnes_StayText()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await OpenAsync(rig);
        await SubscribeAsync(page, "#");
        const string Hostile = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
        await rig.Broker.PublishAsync(
            new MqttMessage { Topic = Hostile, Payload = Encoding.UTF8.GetBytes(Hostile + "\n\u202eabc") },
            TestContext.Current.CancellationToken);
        await rig.Broker.PublishAsync(
            new MqttMessage { Topic = "bytes", Payload = new byte[] { 0, 255 } }, TestContext.Current.CancellationToken);

        await page.ShowsAsync("#messages-list", Hostile);
        await page.ShowsAsync("#messages-list", "\\u{202e}abc");
        await page.ShowsAsync("#messages-list", "base64 AP8=");
        (await page.CountAsync("main img, main script")).ShouldBe(0);
        (await page.Browser.RunAsync("return document.title")).GetString()!.ShouldEndWith(" · Cassini");
        await page.HasNoErrorsAsync();
    }

    /// <summary>Each message is either shown as received or counted as dropped, and the page does what it is asked to meanwhile.</summary>
    [Fact]
    public async Task Messages_ABurstOfThousands_KeepThePageAlive()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await OpenAsync(rig);
        await SubscribeAsync(page, "burst/#");
        const int Count = 20_000;
        for (var i = 0; i < Count; i++)
        {
            await rig.Broker.PublishAsync(
                new MqttMessage { Topic = $"burst/{i % 10}", Payload = Encoding.UTF8.GetBytes($"message {i}") },
                TestContext.Current.CancellationToken);
        }

        await page.ShowsAsync("all are accounted for", "#messages-count", shown => Numbers(shown) == Count);
        (await page.CountAsync("#messages-list li")).ShouldBeLessThanOrEqualTo(100);
        (await page.Browser.RunAsync("return document.querySelector('#messages-list').getBoundingClientRect().height")).GetDouble()
            .ShouldBeLessThan(400);
        await page.Browser.ClickAsync("#messages-pause");
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "burst/x", Payload = "late"u8.ToArray() });
        await page.ShowsAsync("it is counted", "#messages-count", shown => Numbers(shown) == Count + 1);
        (await page.TextAsync("#messages-list")).ShouldNotContain("late");
        await page.Browser.ClickAsync("#messages-pause");
        await page.ShowsAsync("#messages-list li:first-child", "late");
        await page.Browser.ClickAsync("#messages-clear");
        await page.ShowsAsync("it is empty", "#messages-count", shown => shown.Length == 0);
        await page.HasAsync("the list is empty", "#messages-list li", 0);
        await page.HasNoErrorsAsync();
    }

    /// <summary>As on a connection that is half open: the feed lives on another.</summary>
    [Theory]
    [InlineData("event: subscribed\ndata: {\"filters\":[\"a\"],\"identity\":\"management\"}\n\n", "nothing arrived for 5 s")]
    [InlineData("", "nothing arrived for 10 s")]
    public async Task Messages_StreamFallsSilent_EndsAndSaysSo(string first, string said)
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync(HeartbeatOften);
        await using var front = await Front.StartAsync(rig.Address);
        front.TakeOver(async context =>
        {
            if (context.Request.Path != "/messages")
            {
                return false;
            }

            context.Response.ContentType = "text/event-stream";
            await context.Response.StartAsync(context.RequestAborted);
            await context.Response.WriteAsync(first, context.RequestAborted);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
            return true;
        });
        var page = await browser.OpenAsync(front.Address);
        await page.IsLiveAsync();

        await SubscribeAsync(page, "a", $"Not subscribed: {said}");

        (await page.TextAsync("#messages-subscribe")).ShouldBe("Subscribe");
        front.LetPass();
        await SubscribeAsync(page, "a");
    }

    [Fact]
    public async Task Messages_NoneButHeartbeats_StaySubscribed()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync(HeartbeatOften);
        var page = await OpenAsync(rig);
        await SubscribeAsync(page, "a");

        // Eight seconds, longer than the silence that is allowed.
        using var reader = await MessageReader.OpenAsync(rig.Http, "a");
        for (var i = 0; i < 4; i++)
        {
            await reader.ExpectAsync("heartbeat");
        }

        (await page.TextAsync("#messages-state")).ShouldBe("Subscribed to a as management.");
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "a", Payload = "late"u8.ToArray() }, TestContext.Current.CancellationToken);
        await page.ShowsAsync("#messages-list", "late");
    }

    /// <summary>A message that comes between Clear and the next drawing.</summary>
    [Fact]
    public async Task Messages_ClearedAndAnotherComes_ShowsThatOne()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await OpenAsync(rig);
        await page.Browser.RunAsync(
            """
            const send = window.fetch;
            const text = new TextEncoder();
            const body = new ReadableStream({
              start: stream => {
                window.arrive = (type, data) => stream.enqueue(text.encode(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`));
              },
            });
            window.fetch = (path, options) => path.startsWith('messages?') ? Promise.resolve(new Response(body)) : send(path, options);
            """);
        await page.Browser.TypeAsync("#messages-filter", "a");
        await page.Browser.ClickAsync("#messages-subscribe");
        await page.Browser.RunAsync(
            """
            window.arrive('subscribed', { filters: ['a'], identity: 'management' });
            window.arrive('message', { topic: 'a', payload: 'old', qos: 0, retain: false, size: 3, truncated: false });
            """);
        await page.ShowsAsync("#messages-list", "old");

        // The first click draws, and what comes after it is drawn a quarter of a second later.
        await page.Browser.RunAsync(
            """
            for (const id of ['pause', 'pause', 'clear']) {
              document.querySelector(`#messages-${id}`).click();
            }

            window.arrive('message', { topic: 'a', payload: 'new', qos: 0, retain: false, size: 3, truncated: false });
            """);

        await page.ShowsAsync("#messages-list", "new");
        (await page.TextAsync("#messages-list")).ShouldNotContain("old");
        (await page.TextAsync("#messages-count")).ShouldBe("1 received");
    }

    [Fact]
    public async Task Page_OnAPhone_HasRoomForAll()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var name = new string('t', 300);
        await rig.Broker.PublishAsync(
            new MqttMessage { Topic = name, Payload = Encoding.UTF8.GetBytes(new string('p', 3_000)), Retain = true },
            TestContext.Current.CancellationToken);
        var page = await OpenAsync(rig);
        await page.Browser.CommandAsync(
            "Emulation.setDeviceMetricsOverride", new { width = 360, height = 780, deviceScaleFactor = 2, mobile = true });
        await page.ShowsAsync("#tree", "ttt");
        await page.Browser.ClickAsync("#tree .row .name");
        await page.ShowsAsync("#topic-value", "ppp");
        await page.Browser.ClickAsync("#topic-subscribe");
        await page.ShowsAsync("#messages-list", "ppp");

        (await page.Browser.RunAsync("return document.documentElement.scrollWidth")).GetInt32().ShouldBe(360);
    }

    /// <summary>The sum of the numbers in a text.</summary>
    private static int Numbers(string text) => text.Split(' ')
        .Select(word => int.TryParse(word, NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var number) ? number : 0).Sum();

    private static async Task SubscribeAsync(DashboardPage page, string filter, string? said = null)
    {
        await page.Browser.RunAsync("document.querySelector('#messages-filter').value = ''");
        await page.Browser.TypeAsync("#messages-filter", filter);
        await page.Browser.ClickAsync("#messages-subscribe");
        await page.ShowsAsync("#messages-state", said ?? $"Subscribed to {filter} as management.");
    }

    /// <summary>The page asks, and then no longer.</summary>
    private static async Task IsAskedForATokenAsync(DashboardPage page)
    {
        await page.ShowsAsync("#access", "bearer token");
        await page.Browser.RunAsync("document.querySelector('#access').hidden = true");
    }

    private static async Task PublishAsync(DashboardPage page, string topic, string payload)
    {
        await page.Browser.RunAsync("for (const id of ['topic', 'payload']) { document.querySelector(`#publish-${id}`).value = ''; }");
        await page.Browser.TypeAsync("#publish-topic", topic);
        await page.Browser.TypeAsync("#publish-payload", payload);
        await page.Browser.ClickAsync("#publish-send");
    }

    private async Task<DashboardPage> OpenAsync(ManagementRig rig)
    {
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();
        return page;
    }
}
