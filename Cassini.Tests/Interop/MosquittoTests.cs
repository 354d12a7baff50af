using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Interop;

/// <summary>Against mosquitto's own clients.</summary>
public class MosquittoTests
{
    [Theory]
    [InlineData("mqttv5", "0")]
    [InlineData("mqttv311", "0")]
    [InlineData("mqttv5", "1")]
    [InlineData("mqttv311", "1")]
    [InlineData("mqttv5", "2")]
    [InlineData("mqttv311", "2")]
    [InlineData("mqttv31", "0")]
    [InlineData("mqttv31", "1")]
    [InlineData("mqttv31", "2")]
    public async Task PubAndSub_InEachVersionWithEachQoS_Work(string version, string qos)
    {
        var (publish, subscribe) = (Programs.Require("mosquitto_pub"), Programs.Require("mosquitto_sub"));
        await using var host = await MqttHost.StartAsync();
        string[] common = [.. Common(host, "tool"), "-V", version, "-q", qos];
        await using var subscriber = ChildProcess.Start(subscribe, [.. common, "-t", "tools/#", "-C", "2", "-F", "%t %q %r %p"], "");
        await Eventually.HoldsAsync("it is subscribed", () => host.Host.Broker.GetSubscriptions("tools/a").Count == 1);
        (await RunAsync(publish, [.. common, "-t", "tools/a", "-m", "hello"])).ShouldBe(0);
        (await RunAsync(publish, [.. common, "-t", "tools/b", "-r", "-m", "kept"])).ShouldBe(0);
        (await subscriber.ExitCodeAsync("it has both")).ShouldBe(0);
        subscriber.Out.ToString().ShouldBe($"tools/a {qos} 0 hello\ntools/b {qos} 0 kept");

        await using var late = ChildProcess.Start(subscribe, [.. common, "-t", "tools/+", "-C", "1", "-F", "%t %q %r %p"], "");
        (await late.ExitCodeAsync("it has the retained one")).ShouldBe(0);
        late.Out.ToString().ShouldBe($"tools/b {qos} 1 kept");
    }

    [Fact]
    public async Task Properties_OfMqtt5_Arrive()
    {
        var (publish, subscribe) = (Programs.Require("mosquitto_pub"), Programs.Require("mosquitto_sub"));
        await using var host = await MqttHost.StartAsync();
        string[] common = [.. Common(host, "tool"), "-V", "mqttv5"];
        await using var subscriber = ChildProcess.Start(subscribe, [.. common, "-t", "t", "-C", "1", "-F", "%p|%C|%R|%D|%P|%E"], "");
        await Eventually.HoldsAsync("it is subscribed", () => host.Host.Broker.GetSubscriptions("t").Count == 1);
        (await RunAsync(
            publish,
            [
                .. common, "-t", "t", "-m", "x",
                "-D", "publish", "content-type", "text/plain", "-D", "publish", "response-topic", "answers",
                "-D", "publish", "correlation-data", "abc", "-D", "publish",
                "user-property", "n", "v", "-D", "publish", "message-expiry-interval", "60",
            ])).ShouldBe(0);
        await subscriber.ExitCodeAsync("it has the message");
        subscriber.Out.ToString().ShouldBe("x|text/plain|answers|abc|n:v|60");
    }

    private static async Task<int> RunAsync(string program, string[] arguments)
    {
        await using var child = ChildProcess.Start(program, arguments, "");
        return await child.ExitCodeAsync($"{program} ends");
    }

    private static string[] Common(MqttHost host, string identity)
    {
        var (certificate, key) = host.Write(identity);
        return ["-h", "localhost", "-p", $"{host.Address.Port}", "--cafile", host.CaPath, "--cert", certificate, "--key", key];
    }
}
