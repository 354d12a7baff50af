using System.Globalization;
using System.Net.Security;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Cli;
using Cassini.Tests.Docs;
using Cassini.Tests.Support;

namespace Cassini.Tests.Interop;

/// <summary>A mosquitto broker that bridges to this one over mutual TLS, configured as docs/use/bridging.md says.</summary>
public class MosquittoBridgeTests
{
    [Theory]
    [InlineData("")]
    [InlineData("bridge_protocol_version mqttv50")]
    public async Task Bridge_OfThePage_ForwardsInBothDirectionsAndMakesNoLoop(string setting)
    {
        var mosquitto = Programs.Require("mosquitto");
        var (publish, subscribe) = (Programs.Require("mosquitto_pub"), Programs.Require("mosquitto_sub"));
        using var directory = new TempDirectory();
        await using var host = await MqttHost.StartAsync();
        var port = FreePort.Find();
        await File.WriteAllTextAsync(
            directory.File("bridge.conf"), Configuration(host, port, setting), TestContext.Current.CancellationToken);
        await using var broker = ChildProcess.Start(mosquitto, ["-c", directory.File("bridge.conf")], directory.Path);
        await Eventually.HoldsAsync(
            "the bridge is subscribed",
            () => host.Host.Broker.GetSubscriptions("commands/a").Count == 1 && host.Host.Broker.GetSubscriptions("shared/a").Count == 1);
        await using var here = await host.OpenAsync(
            SslStreamCertificateContext.Create(host.Issue("observer"), null, offline: true));
        await here.ConnectAsync(here.Connect("observer"));
        await here.SubscribeAsync("sensors/#", QualityOfService.AtMostOnce);
        await here.SubscribeAsync("shared/#", QualityOfService.AtMostOnce);

        string[] there = ["-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-q", "1"];
        (await RunAsync(publish, [.. there, "-t", "sensors/1", "-m", "out"])).ShouldBe(0);
        await here.ExpectPublishAsync("sensors/1", "out");
        (await RunAsync(publish, [.. there, "-t", "shared/1", "-m", "from there"])).ShouldBe(0);
        await here.ExpectPublishAsync("shared/1", "from there");
        await here.ExpectNothingAsync();

        await here.PublishAsync("commands/1", "in", QualityOfService.AtLeastOnce, retain: true);
        await using var late = ChildProcess.Start(subscribe, [.. there, "-t", "commands/#", "-C", "1", "-F", "%t %p"], "");
        (await late.ExitCodeAsync("it has the message")).ShouldBe(0);
        late.Out.ToString().ShouldBe("commands/1 in");
    }

    private static string Configuration(MqttHost host, int port, string setting)
    {
        var page = Repository.Read("docs", "use", "bridging.md");
        var block = page.Split("```conf")[1].Split("```")[0];
        var (certificate, key) = host.Write("bridge");
        return block
            .Replace("listener 1883", $"listener {port}", StringComparison.Ordinal)
            .Replace("cassini.example:8883", $"localhost:{host.Address.Port}", StringComparison.Ordinal)
            .Replace("/etc/mosquitto/cassini/ca.pem", host.CaPath, StringComparison.Ordinal)
            .Replace("/etc/mosquitto/cassini/bridge.pem", certificate, StringComparison.Ordinal)
            .Replace("/etc/mosquitto/cassini/bridge.key", key, StringComparison.Ordinal)

            // It gives up the rights of root and could not read the key any more.
            + $"{setting}\n{(Environment.IsPrivilegedProcess ? "user root" : "")}\n";
    }

    private static async Task<int> RunAsync(string program, string[] arguments)
    {
        await using var child = ChildProcess.Start(program, arguments, "");
        return await child.ExitCodeAsync($"{program} ends");
    }
}
