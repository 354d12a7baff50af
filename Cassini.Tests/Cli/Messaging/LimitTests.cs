using System.Globalization;
using Cassini.Harness;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cli.Messaging;

/// <summary>What a broker does not take is said, and nothing is called published that it did not take.</summary>
public class LimitTests
{
    private const byte Publish0 = 0x30;
    private const byte PingReq = 0xC0;
    private const byte Disconnect = 0xE0;
    private static readonly byte[] PingResp = [0xD0, 0];

    [Theory]
    [InlineData("5", "0")]
    [InlineData("5", "1")]
    [InlineData("3.1.1", "0")]
    [InlineData("3.1.1", "1")]
    public async Task Pub_MessageOverTheBrokersMaximum_IsAnErrorAndNoSuccess(string version, string qos)
    {
        using var directory = new TempDirectory();
        await using var rig = await PubSubRig.StartAsync();
        var most = rig.Host.Host.Options.Broker.MaxPacketSize;
        await File.WriteAllBytesAsync(directory.File("large"), new byte[most], TestContext.Current.CancellationToken);

        foreach (var summary in (string[])["--rate", "--json"])
        {
            var (code, console) = await rig.EndsAsync(
                "pub", "t", "--file", directory.File("large"), "--mqtt", version, "--qos", qos, summary);

            code.ShouldBe(ExitCode.Error);
            var size = string.Create(CultureInfo.InvariantCulture, $"{most + 7 + (version == "5" ? 1 : 0) + (qos == "0" ? 0 : 2):N0}");
            console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith(
                version == "5"
                    ? $"cassini: {rig.Broker}: the message is too large: with its topic it is {size} bytes, and the broker takes at most "
                    : $"cassini: {rig.Broker}: the broker closed the connection without a reason, as MQTT 3.1.1 has it: "
                        + $"a message of {size} bytes may be too large for it, or not allowed");
            console.Out.Lines.ShouldNotContain(line => line.Contains("message ", StringComparison.Ordinal));
            console.Out.Lines.ShouldNotContain(line => line.Contains("\"messages\"", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Pub_Interrupted_StillSumsUp()
    {
        await using var rig = await PubSubRig.StartAsync();
        var (code, console) = rig.Run("pub", "t", "x", "--repeat", "1000000", "--interval", "1h", "--rate");
        await Eventually.HoldsAsync("a message is published", () => rig.Host.Host.Broker.Statistics.PublishReceived > 0);

        await console.InterruptAsync();

        (await Eventually.CompletesAsync("it ends", code)).ShouldBe(ExitCode.Interrupted);
        console.Out.Lines[^1].ShouldMatch("^[01] messages? in ");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public async Task Pub_MessageOfExactlyTheBrokersMaximum_IsPublished(string qos)
    {
        using var directory = new TempDirectory();
        await using var rig = await PubSubRig.StartAsync();
        var most = rig.Host.Host.Options.Broker.MaxPacketSize;
        string[] properties = ["--content-type", "text/plain", "--expiry", "1m", "--property", "name=value"];
        var rest = 1 + 3 + 3 + 1 + (3 + 10) + 5 + (5 + 4 + 5) + (qos == "0" ? 0 : 2);
        await File.WriteAllBytesAsync(directory.File("fits"), new byte[most - rest], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(directory.File("over"), new byte[most - rest + 1], TestContext.Current.CancellationToken);

        await rig.PublishAsync(["t", "--file", directory.File("fits"), "--qos", qos, .. properties]);
        var (code, console) = await rig.EndsAsync(["pub", "t", "--file", directory.File("over"), "--qos", qos, .. properties]);

        code.ShouldBe(ExitCode.Error);
        console.Error.Lines.ShouldHaveSingleItem().ShouldContain(string.Create(
            CultureInfo.InvariantCulture, $"it is {most + 1:N0} bytes, and the broker takes at most {most:N0}"));
    }

    [Fact]
    public async Task Pub_LastMessageOfQoS0IsRefused_IsAnErrorWithTheReason()
    {
        using var broker = new LimitedBroker();
        byte[] tooLarge = [Disconnect, 2, 0x95, 0];

        var (code, errors, packets) = await RunAsync(broker, [], [tooLarge], "pub", "t", "x");

        code.ShouldBe(ExitCode.Error);
        errors.ShouldBe([$"cassini: {broker.Address}: the broker closed the connection: packet too large (0x95)"]);
        packets[0].ShouldBe(Publish0);
    }

    [Fact]
    public async Task Pub_QoS0_EndsWhenTheBrokerHasHandledIt()
    {
        using var broker = new LimitedBroker();

        var (code, errors, packets) = await RunAsync(broker, [], [[], PingResp], "pub", "t", "x");

        code.ShouldBe(ExitCode.Ok);
        errors.ShouldBeEmpty();
        packets.ShouldBe([Publish0, PingReq, Disconnect]);
    }

    [Theory]
    [InlineData(new byte[] { 0x24, 1 }, "pub t x --qos 2", "--qos 2: the broker takes messages of at most QoS 1")]
    [InlineData(new byte[] { 0x24, 0 }, "pub t x --qos 1", "--qos 1: the broker takes messages of at most QoS 0")]
    [InlineData(new byte[] { 0x25, 0 }, "pub t x --retain", "--retain: the broker keeps no messages")]
    [InlineData(
        new byte[] { 0x27, 0, 0, 0, 8 }, "pub topic x",
        "the message is too large: with its topic it is 11 bytes, and the broker takes at most 8")]
    [InlineData(
        new byte[] { 0x28, 0 }, "sub a/#", "filter 'a/#' has a wildcard: the broker offers subscriptions without wildcards only")]
    [InlineData(new byte[] { 0x2A, 0 }, "sub $share/g/a", "filter '$share/g/a': the broker offers no shared subscriptions")]
    public async Task Broker_ThatOffersLess_IsSentNothingOfIt(byte[] properties, string args, string complaint)
    {
        using var broker = new LimitedBroker();

        var (code, errors, packets) = await RunAsync(broker, properties, [], args.Split(' '));

        code.ShouldBe(ExitCode.Error);
        errors.ShouldBe([$"cassini: {broker.Address}: {complaint}"]);
        packets.ShouldBe([Disconnect]);
    }

    [Fact]
    public async Task Sub_GrantedLessThanAskedFor_SaysSoAndGoesOn()
    {
        using var broker = new LimitedBroker();
        byte[] granted = [0x90, 4, 0, 1, 0, 1];
        byte[] message = [Publish0, 5, 0, 1, (byte)'t', 0, (byte)'x'];

        var (code, errors, _) = await RunAsync(broker, [0x24, 1], [[.. granted, .. message]], "sub", "t", "--qos", "2", "--count", "1");

        code.ShouldBe(ExitCode.Ok);
        errors.ShouldBe([$"cassini: {broker.Address}: warning: the broker granted QoS 1 instead of 2 for 't'"]);
    }

    private static async Task<(int Code, IReadOnlyList<string> Errors, IReadOnlyList<byte> Packets)> RunAsync(
        LimitedBroker broker, byte[] properties, byte[][] answers, params string[] args)
    {
        using var console = new TestConsole();
        var serving = broker.ServeAsync(properties, answers);

        var code = await Eventually.CompletesAsync("the command ends", PubSubRig.RunAsync(console, [.. args, .. broker.Connection]));

        return (code, console.Error.Lines, await Eventually.CompletesAsync("the client leaves", serving));
    }
}
