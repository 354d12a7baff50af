using System.Net;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Tests.Health;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management.Dashboard;

[Collection(DashboardTests.Name)]
public class StateTests(DashboardBrowser browser)
{
    [Fact]
    public async Task Page_AllIsWell_ShowsStatusChecksEndpointsAndCertificates()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();

        await page.ShowsAsync("#verdict", "ok");
        (await page.TextAsync("#probes")).ShouldBe("ready\nlive");
        (await page.TextAsync("#phase")).ShouldBe("ready");
        (await page.CountAsync("#checks > li")).ShouldBe(rig.Health.Current.Checks.Length);
        (await page.TextAsync("#checks")).ShouldNotContain("error");
        (await page.TextAsync("#endpoints")).ShouldStartWith($"{Happened.Endpoint}\nbound");
        await page.ShowsAsync("#certificates", "server\n36");
        (await page.TextAsync("#certificates")).ShouldContain("days left");
        await page.ShowsAsync(
            "the time before the page was opened", "#transitions", shown => shown.Contains("bind", StringComparison.Ordinal));
        (await page.Browser.RunAsync("return document.title")).GetString().ShouldBe($"ok · {Environment.MachineName} · Cassini");
        (await page.TextAsync("#name")).ShouldBe(Environment.MachineName);
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Page_RehearsedFault_ShowsReasonAndItsEvidenceOpensTheEvent()
    {
        Programs.Require("chromium");
        await using var broker = await RunningBroker.ServingMqttAsync();
        await using var app = ManagementApp.Create(
            ManagedBroker.Of(broker.Mqtt), new ManagementOptions { Address = "127.0.0.1:0", EnableFaults = true },
            NullLoggerFactory.Instance, TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app) };
        var page = await browser.OpenAsync(http.BaseAddress);
        await page.ShowsAsync("#probes", "ready");

        (await http.PostAsync("/faults/close-endpoint", null, TestContext.Current.CancellationToken)).StatusCode
            .ShouldBe(HttpStatusCode.Accepted);
        await page.ShowsAsync("#verdict", "error");
        await page.ShowsAsync("#checks [data-check=bind]", "EndpointClosed");
        await page.ShowsAsync("#probes", "not ready");
        (await page.Browser.RunAsync("return document.querySelector('[data-check=bind] .reason').getAttribute('href')")).GetString()
            .ShouldBe("runbook#EndpointClosed");
        (await page.TextAsync("#announce")).ShouldContain("bind error, EndpointClosed");
        await page.ShowsAsync("#transitions", "EndpointClosed");
        await page.ShowsAsync("#endpoints", "closed");

        await page.Browser.ClickAsync("[data-check=bind] .evidence button");
        await page.ShowsAsync("#evidence-title", "listenerClosed");
        (await page.TextAsync("#evidence-json")).ShouldContain("\"reason\": \"rehearsal\"");
        await page.Browser.ClickAsync("#evidence-close");
        await page.HasNoErrorsAsync();
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Page_ClientConnectsAndGoes_ShowsItAtOnce()
    {
        Programs.Require("chromium");
        await using var broker = await RunningBroker.ReadyAsync();
        await using var app = ManagementApp.Create(
            ManagedBroker.Of(broker.Host) with { Mqtt = null },
            new ManagementOptions { Address = "127.0.0.1:0" },
            NullLoggerFactory.Instance,
            TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        var page = await browser.OpenAsync(ManagementApp.AddressOf(app));
        await page.ShowsAsync("no connection", "[data-tile=connections] .value", shown => shown == "0");

        await using (await broker.ConnectAsync("alice"))
        {
            await page.ShowsAsync("one connection", "[data-tile=connections] .value", shown => shown == "1");
            await page.ShowsAsync("#connections-rows", "alice");
        }

        await page.ShowsAsync("it is gone", "[data-tile=connections] .value", shown => shown == "0");
        await page.HasAsync("its row is gone", "#connections-rows tr", 0);
        await page.ShowsAsync("#topics-note", "this host serves no MQTT");
        (await page.CountAsync("#configuration:not([hidden]), #configuration-link:not([hidden]), #slow:not([hidden])"))
            .ShouldBe(0, "an application around it has the settings, and there are no sessions");
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Refusals_AsTheyHappen_AreShownWithAddressAndReason()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();
        (await page.TextAsync("#refusals")).ShouldBeEmpty();

        rig.Publish(
            new ConnectionAccepted(1, Happened.Endpoint, "192.0.2.7:1"),
            Happened.Refused(1, HandshakeFailure.UntrustedCertificate, "192.0.2.7:1", "CN=<img src=x onerror=alert(1)>"));
        await page.ShowsAsync("#refusals-rows", "192.0.2.7");
        (await page.TextAsync("#refusals-rows")).ShouldContain("untrustedCertificate");
        (await page.TextAsync("#refusals-rows")).ShouldContain("CN=<img src=x onerror=alert(1)>");
        rig.Publish(
            new ConnectionAccepted(2, Happened.Endpoint, "192.0.2.7:2"), Happened.Refused(2, address: "192.0.2.7:2"));
        await page.ShowsAsync("twice", "#refusals-rows .number:nth-child(3)", shown => shown == "2");
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Evidence_NoLongerKept_SaysSo()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync(hubOptions: new EventHubOptions { LogCapacity = 16 });
        rig.Publish(Happened.BindFailed());
        var page = await browser.OpenAsync(rig.Address);
        await page.ShowsAsync("#checks [data-check=bind]", "BindFailed");
        rig.Publish([.. Enumerable.Range(0, 40).Select(_ => Happened.Heartbeat())]);

        await page.Browser.ClickAsync("[data-check=bind] .evidence button");
        await page.ShowsAsync("#evidence-said", "no longer kept");
    }

    [Fact]
    public async Task Process_Sampled_IsShownWithItsCurves()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();
        (await page.TextAsync("#process")).ShouldBeEmpty();

        rig.Publish(new LoadSampled(0, 2, 0, 0)
        {
            Process = new ProcessLoad(150 << 20, 42 << 20, 0.125, 2, 24, 0.001),
            Capacity = new Capacity(new ResourceUse(2, 100)) { Descriptors = new ResourceUse(240, 1_048_576) },
        });

        await page.ShowsAsync("[data-tile=memory] .value", "150");
        (await page.TextAsync("[data-tile=memory] .reading")).ShouldStartWith("150\nMiB");
        (await page.TextAsync("[data-tile=cpu] .reading")).ShouldStartWith("13\n%");
        (await page.TextAsync("#process-heap")).ShouldBe("42 MiB");
        (await page.TextAsync("#process-threads")).ShouldBe("24");
        (await page.TextAsync("#process-pause")).ShouldBe("0.1 %");
        (await page.TextAsync("#process-descriptors")).ShouldBe("240 of 1,048,576");
        (await page.Browser.RunAsync("return document.querySelector('[data-tile=cpu] .line').getAttribute('d')")).GetString()
            .ShouldNotBeNullOrEmpty();

        // Windows does not say how many descriptors are open.
        rig.Publish(new LoadSampled(0, 2, 0, 0) { Process = new ProcessLoad(151 << 20, 42 << 20, 0, 2, 24, 0) });
        await page.ShowsAsync("#process-descriptors", "not known");
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Load_Sampled_IsDrawn()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();
        rig.Publish(new LoadSampled(12_300, 2, 0, 0) { MessagesReceived = 0, MessagesSent = 0 });
        await page.ShowsAsync("#load", "12.3K");

        // Before the first sample nothing is known of messages; after the second there is a rate.
        rig.Publish(new LoadSampled(7, 2, 0, 0) { MessagesReceived = 50_000, MessagesSent = 1_000_000 });
        await page.ShowsAsync("the rate", "[data-tile=received] .value", shown => shown != "–" && shown != "0");
        (await page.TextAsync("[data-tile=backlog] .value")).ShouldBe("7");
        (await page.Browser.RunAsync("return document.querySelector('[data-tile=sent] .line').getAttribute('d')")).GetString()
            .ShouldNotBeNullOrEmpty();
        await page.HasNoErrorsAsync();
    }
}
