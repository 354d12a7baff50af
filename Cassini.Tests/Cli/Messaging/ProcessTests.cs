using Cassini.Harness;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cli.Messaging;

/// <summary>The real executable, and mosquitto's clients on the other side.</summary>
[StartsExecutable]
public class ProcessTests
{
    [Fact]
    public async Task PubAndSub_OnAFreshMachine_NeedNoCertificates()
    {
        using var home = new TempDirectory();
        await using var cassini = CassiniProcess.Start(home.Path, ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0"]);
        var management = await cassini.ManagementAsync();
        var broker = cassini.Out.Lines.First(line => line.StartsWith("  broker", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        await using var subscriber = CassiniProcess.Start(home.Path, ["sub", "#", "--broker", broker]);
        using var http = new HttpClient();
        await Eventually.BecomesAsync(
            "it is subscribed",
            async () => await http.GetStringAsync($"{management}/subscriptions?topic=t", TestContext.Current.CancellationToken)
                + subscriber.Error,
            answer => answer.Contains("\"filter\":\"#\"", StringComparison.Ordinal));

        var (code, output, error) = await CassiniProcess.RunAsync(home.Path, ["pub", "t", "hello", "--broker", broker, "--qos", "1"]);

        error.ShouldBeEmpty();
        code.ShouldBe(ExitCode.Ok);
        output.ShouldBeEmpty();
        await subscriber.Out.LineAsync("it comes", line => line == "t hello");

        subscriber.Signal(ChildProcess.Interrupt);
        (await subscriber.ExitCodeAsync("Ctrl-C ends it")).ShouldBe(ExitCode.Interrupted);
        subscriber.Error.Lines.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("mqttv5", "5")]
    [InlineData("mqttv311", "3.1.1")]
    public async Task Sub_WhatMosquittoPublishes_Comes(string theirs, string ours)
    {
        var publish = Programs.Require("mosquitto_pub");
        await using var rig = await PubSubRig.StartAsync();
        var (code, console) = await rig.SubscribeAsync(new TestConsole(), "t", "t", "--count", "1", "--mqtt", ours);

        await using var child = ChildProcess.Start(publish, [.. Mosquitto(rig), "-V", theirs, "-t", "t", "-m", "hello"], "");

        (await child.ExitCodeAsync("it publishes")).ShouldBe(0, child.Error.ToString());
        (await Eventually.CompletesAsync("it comes", code)).ShouldBe(ExitCode.Ok);
        console.Out.Lines.ShouldBe(["t hello"]);
    }

    [Fact]
    public async Task Pub_WithProperties_ReachesMosquittoWhole()
    {
        var subscribe = Programs.Require("mosquitto_sub");
        await using var rig = await PubSubRig.StartAsync();
        await using var child = ChildProcess.Start(
            subscribe, [.. Mosquitto(rig), "-V", "mqttv5", "-t", "t", "-C", "1", "-F", "%t|%p|%C|%P|%E"], "");
        await Eventually.HoldsAsync("it is subscribed", () => rig.Subscribers("t") == 1);

        await rig.PublishAsync("t", "hello", "--property", "n=v", "--content-type", "text/plain", "--expiry", "1m");

        (await child.ExitCodeAsync("it has the message")).ShouldBe(0);
        child.Out.ToString().ShouldBe("t|hello|text/plain|n:v|60");
    }

    private static string[] Mosquitto(PubSubRig rig)
    {
        var (certificate, key) = rig.Host.Write("mosquitto");
        return ["-h", "localhost", "-p", $"{rig.Host.Address.Port}", "--cafile", rig.Host.CaPath, "--cert", certificate, "--key", key];
    }
}
