using Cassini.Streams.Events;
using Cassini.Tests.Cli;
using Cassini.Tests.Docs;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;

namespace Cassini.Tests.Interop;

/// <summary>MQTT.js, by WebSocket: in Node through the script beside this file, and in a browser with a client certificate.</summary>
public class MqttJsTests
{
    [Theory]
    [InlineData("3")]
    [InlineData("4")]
    [InlineData("5")]
    public async Task Node_InEachVersion_GetsBackWhatItPublishes(string version)
    {
        var (node, library) = (Programs.Require("node"), Programs.RequireModule("mqtt"));
        await using var host = await MqttHost.StartAsync(WebSocketTests.WithWebSocket);
        var (certificate, key) = host.Write("node");
        var script = Path.Combine(Repository.Root, "Cassini.Tests", "Interop", "mqttjs.cjs");

        await using var child = ChildProcess.Start(
            node, [script, library, $"wss://localhost:{PortOf(host)}/mqtt", host.CaPath, certificate, key, version], "");

        (await child.ExitCodeAsync("the script ends", TimeSpan.FromSeconds(60))).ShouldBe(0, child.Error.ToString());
        child.Out.Lines.Order(StringComparer.Ordinal).ShouldBe(["ended", "js/0 5 0", "js/1 70000 1", "js/2 1000000 2"]);
    }

    [Fact]
    public async Task Browser_WhoseUserHasOpenedTheEndpoint_SpeaksMqttWithTheUsersCertificate()
    {
        var library = Path.Combine(Programs.RequireModule("mqtt"), "dist", "mqtt.min.js");
        await using var host = await MqttHost.StartAsync(WebSocketTests.WithWebSocket);
        await using var browser = await OpenAsync(host);

        // The page that the endpoint answers with: it made the browser choose the certificate, and it is of the same host.
        (await browser.TextAsync()).ShouldContain("Your client certificate was accepted.");
        await LoadAsync(browser, library);
        await browser.RunAsync(
            """
            const client = mqtt.connect(arguments[0], { protocolVersion: 5, clientId: "page", reconnectPeriod: 0 });
            document.body.innerText = "";
            const say = text => document.body.innerText += text + "\n";
            client.on("error", error => say("error " + error.message));
            client.on("close", () => say("closed"));
            const publish = () => client.publish("page/hello", "from the page", { qos: 1 });
            client.on("connect", () => client.subscribe("page/#", { qos: 1 }, publish));
            client.on("message", (topic, payload) => say(topic + " " + payload));
            """,
            $"wss://localhost:{PortOf(host)}/mqtt");

        await browser.ShowsAsync("the message is back", text => text.Contains("page/hello from the page", StringComparison.Ordinal));
        host.Host.Service.Connections.List().ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(row => row.Identity.ShouldBe("browser"), row => row.ClientId.ShouldBe("page"));
    }

    [Fact]
    public async Task Browser_PageOfAnotherOrigin_IsRefused()
    {
        await using var host = await MqttHost.StartAsync(options => WebSocketTests.WithWebSocket(options) is var with
            ? with with { Listener = with.Listener with { WebSocketOrigins = ["https://app.example"] } }
            : options);
        await using var browser = await OpenAsync(host);
        await browser.RunAsync(
            """
            document.body.innerText = "";
            const socket = new WebSocket(arguments[0], "mqtt");
            socket.onopen = () => document.body.innerText = "opened";
            socket.onclose = event => document.body.innerText = "closed " + event.code;
            """,
            $"wss://localhost:{PortOf(host)}/mqtt");

        await browser.ShowsAsync("it is refused", text => text.Contains("closed 1006", StringComparison.Ordinal));
        var refused = host.Host.Service.RefusedHandshakes.List().Where(peer => peer.Reason == HandshakeFailure.ForeignOrigin);
        refused.ShouldHaveSingleItem();
    }

    /// <summary>A browser whose user has a certificate, on the page that a WebSocket endpoint answers with.</summary>
    private static Task<Browser> OpenAsync(MqttHost host)
    {
        var (certutil, pk12util, openssl) = (Programs.Require("certutil"), Programs.Require("pk12util"), Programs.Require("openssl"));
        var (certificate, key) = host.Write("browser");
        var origin = $"https://localhost:{PortOf(host)}";
        return Browser.OpenAsync(
            $"{origin}/",
            async home =>
            {
                var (store, bundle) = (Path.Combine(home, ".pki", "nssdb"), Path.Combine(home, "browser.p12"));
                Directory.CreateDirectory(store);
                await RunAsync(openssl, "pkcs12", "-export", "-in", certificate, "-inkey", key, "-out", bundle, "-passout", "pass:");
                await RunAsync(certutil, "-N", "-d", $"sql:{store}", "--empty-password");
                await RunAsync(certutil, "-A", "-d", $"sql:{store}", "-n", "ca", "-t", "C,,", "-i", host.CaPath);
                await RunAsync(pk12util, "-i", bundle, "-d", $"sql:{store}", "-W", "");
            },
            new Dictionary<string, object>
            {
                // What its user would choose when asked.
                ["profile.content_settings.exceptions.auto_select_certificate"] = new Dictionary<string, object>
                {
                    [$"{origin},*"] = new { setting = new { filters = new[] { new { } } } },
                },
            });
    }

    private static async Task LoadAsync(Browser browser, string library)
    {
        var source = await File.ReadAllTextAsync(library, TestContext.Current.CancellationToken);
        await browser.RunAsync(
            "const script = document.createElement('script'); script.text = arguments[0]; document.head.append(script);", source);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        await using var child = ChildProcess.Start(program, arguments, "");
        (await child.ExitCodeAsync($"{program} ends")).ShouldBe(0, child.Error.ToString());
    }

    private static int PortOf(MqttHost host) => host.Host.Listeners.Endpoints[1].Bound!.Port;
}
