using System.Text;
using System.Text.Json;
using Cassini.Harness;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cli.Messaging;

/// <summary><c>cassini pub</c> and <c>cassini sub</c> against a real broker over mutual TLS.</summary>
public class PubSubTests
{
    [Theory]
    [InlineData("5", "0")]
    [InlineData("3.1.1", "0")]
    [InlineData("5", "1")]
    [InlineData("3.1.1", "1")]
    [InlineData("5", "2")]
    [InlineData("3.1.1", "2")]
    public async Task PubAndSub_InBothVersionsWithEachQoS_Work(string version, string qos)
    {
        await using var rig = await PubSubRig.StartAsync();
        var (code, console) = await rig.SubscribeAsync(new TestConsole(), "t/a", "t/#", "--count", "2", "--mqtt", version, "--qos", qos);

        await rig.PublishAsync("t/a", "hello", "--mqtt", version, "--qos", qos);
        await rig.PublishAsync("t/b", "world", "--mqtt", version, "--qos", qos);

        (await Eventually.CompletesAsync("both came", code)).ShouldBe(ExitCode.Ok);
        console.Out.Lines.ShouldBe(["t/a hello", "t/b world"]);
        console.Error.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Sub_Json_HasAllOfTheMessage()
    {
        await using var rig = await PubSubRig.StartAsync();
        var (code, console) = await rig.SubscribeAsync(new TestConsole(), "t", "t", "--count", "1", "--json", "--qos", "1");

        await rig.PublishAsync(
            "t", "h\u00e9", "--qos", "1", "--property", "a=1", "--property", "a=2=3", "--content-type", "text/plain", "--expiry", "1m");

        await Eventually.CompletesAsync("it came", code);
        var message = JsonDocument.Parse(console.Out.Lines.ShouldHaveSingleItem()).RootElement;
        message.GetProperty("topic").GetString().ShouldBe("t");
        message.GetProperty("payload").GetString().ShouldBe("h\u00e9");
        message.GetProperty("qos").GetInt32().ShouldBe(1);
        message.GetProperty("retain").GetBoolean().ShouldBeFalse();
        message.GetProperty("contentType").GetString().ShouldBe("text/plain");
        message.GetProperty("userProperties").GetRawText().ShouldBe("""[{"name":"a","value":"1"},{"name":"a","value":"2=3"}]""");
        message.GetProperty("time").GetDateTime().Kind.ShouldBe(DateTimeKind.Utc);
    }

    [Fact]
    public async Task Sub_BytesThatAreNoText_AreBase64InJson()
    {
        using var directory = new TempDirectory();
        File.WriteAllBytes(directory.File("payload"), [0xFF, 0x00, 0xFE]);
        await using var rig = await PubSubRig.StartAsync();
        await rig.PublishAsync("t", "--file", directory.File("payload"), "--retain");

        var (_, console) = await rig.EndsAsync("sub", "t", "--count", "1", "--json");

        var message = JsonDocument.Parse(console.Out.Lines.Single()).RootElement;
        message.GetProperty("payloadBase64").GetBytesFromBase64().ShouldBe([0xFF, 0x00, 0xFE]);
        message.GetProperty("retain").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Sub_OnATerminal_ShowsControlCharactersEscaped()
    {
        await using var rig = await PubSubRig.StartAsync();
        await rig.PublishAsync("t", "\u001b]0;owned\u0007\u202e\n\u009b1m", "--retain");

        var (code, terminal) = rig.RunWith(new TestConsole { OutIsTerminal = true }, "sub", "t", "--count", "1");
        await Eventually.CompletesAsync("it came", code);

        terminal.Out.Lines.ShouldBe([@"t \u{1B}]0;owned\u{7}\u{202E}\n\u{9B}1m"]);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("3.1.1")]
    public async Task Sub_NoRetained_HasOnlyWhatIsNew(string version)
    {
        await using var rig = await PubSubRig.StartAsync();
        await rig.PublishAsync("t", "old", "--retain");
        var (code, console) = await rig.SubscribeAsync(new TestConsole(), "t", "t", "--no-retained", "--count", "1", "--mqtt", version);

        await rig.PublishAsync("t", "new");

        await Eventually.CompletesAsync("it came", code);
        console.Out.Lines.ShouldBe(["t new"]);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("3.1.1")]
    public async Task Sub_Session_GetsWhatCameWhileItWasAway(string version)
    {
        await using var rig = await PubSubRig.StartAsync();
        string[] kept = ["t", "--id", "worker", "--session", "1h", "--qos", "1", "--mqtt", version];
        var (code, console) = await rig.SubscribeAsync(new TestConsole(), "t", [.. kept, "--count", "1"]);
        await rig.PublishAsync("t", "first", "--qos", "1");
        await Eventually.CompletesAsync("it goes away", code);
        await rig.PublishAsync("t", "second", "--qos", "1");

        (code, console) = rig.Run(["sub", .. kept, "--count", "1"]);
        await Eventually.CompletesAsync("it came", code);
        console.Out.Lines.ShouldBe(["t second"]);
    }

    [Fact]
    public async Task Sub_SessionWithoutId_IsRefused()
    {
        var console = new TestConsole();
        (await PubSubRig.RunAsync(console, "sub", "t", "--session", "1h")).ShouldBe(ExitCode.Usage);
        console.Error.Lines.ShouldContain(line => line.Contains("--session needs --id"));
    }

    [Fact]
    public async Task Pub_Null_RemovesTheRetainedMessage()
    {
        await using var rig = await PubSubRig.StartAsync();
        await rig.PublishAsync("t", "old", "--retain", "--qos", "1");
        await rig.PublishAsync("t", "--null", "--retain", "--qos", "1");
        await rig.PublishAsync("u", "kept", "--retain", "--qos", "1");

        var (_, console) = await rig.EndsAsync("sub", "t", "u", "--count", "1");

        console.Out.Lines.ShouldBe(["u kept"]);
    }

    [Fact]
    public async Task Pub_StdinLines_PublishesEach()
    {
        await using var rig = await PubSubRig.StartAsync();
        var (code, console) = await rig.SubscribeAsync(new TestConsole(), "t", "t", "--count", "3");

        var (published, publisher) = rig.RunWith(
            new TestConsole { In = "one\n\nthree\n"u8.ToArray() }, "pub", "t", "--stdin-lines", "--json");

        (await Eventually.CompletesAsync("it ends with its input", published)).ShouldBe(ExitCode.Ok);
        await Eventually.CompletesAsync("all came", code);
        console.Out.Lines.ShouldBe(["t one", "t ", "t three"]);
        publisher.Out.Lines.Single().ShouldStartWith("""{"topic":"t","messages":3,"bytes":8,""");
    }

    [Fact]
    public async Task Pub_StdinLinesThatAreNoText_ArePublishedAsTheyAre()
    {
        await using var rig = await PubSubRig.StartAsync();
        var (code, console) = await rig.SubscribeAsync(new TestConsole(), "t", "t", "--count", "5", "--json");
        byte[] bom = [0xEF, 0xBB, 0xBF, (byte)'a'];
        byte[] invalid = [0xFF, 0xFE, 0x00];
        byte[] input = [.. bom, .. "\n"u8, .. invalid, .. "\na\rb\nc\r\n\rd"u8];

        var (published, _) = rig.RunWith(new TestConsole { In = input }, "pub", "t", "--stdin-lines");

        (await Eventually.CompletesAsync("it ends with its input", published)).ShouldBe(ExitCode.Ok);
        await Eventually.CompletesAsync("all came", code);
        console.Out.Lines.Select(PayloadOf).ShouldBe([bom, invalid, "a\rb"u8.ToArray(), "c"u8.ToArray(), "\rd"u8.ToArray()]);
    }

    private static byte[] PayloadOf(string line)
    {
        var message = JsonDocument.Parse(line).RootElement;
        return message.TryGetProperty("payloadBase64", out var bytes)
            ? bytes.GetBytesFromBase64()
            : Encoding.UTF8.GetBytes(message.GetProperty("payload").GetString()!);
    }

    [Fact]
    public async Task Pub_StdinLinesOfManyLengths_AreWhole()
    {
        await using var rig = await PubSubRig.StartAsync();
        string[] lines = [new('a', 4096), "", new('b', 4095), new('c', 10_000), "d", new('e', 8191)];
        var (code, console) = await rig.SubscribeAsync(new TestConsole(), "t", "t", "--count", $"{lines.Length}");

        var input = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        var (published, _) = rig.RunWith(new TestConsole { In = input }, "pub", "t", "--stdin-lines");

        (await Eventually.CompletesAsync("it ends with its input", published)).ShouldBe(ExitCode.Ok);
        await Eventually.CompletesAsync("all came", code);
        console.Out.Lines.ShouldBe(lines.Select(line => $"t {line}"));
    }

    [Fact]
    public async Task Pub_Repeat_SaysHowManyItSent()
    {
        await using var rig = await PubSubRig.StartAsync();
        var (code, _) = await rig.SubscribeAsync(new TestConsole(), "t", "t", "--count", "100");

        var (published, console) = await rig.EndsAsync("pub", "t", "x", "--repeat", "100", "--rate", "--qos", "1");

        published.ShouldBe(ExitCode.Ok);
        console.Out.Lines[^1].ShouldStartWith("100 messages in ");
        (await Eventually.CompletesAsync("all came", code)).ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task Sub_Rate_WritesRatesInsteadOfMessages()
    {
        await using var rig = await PubSubRig.StartAsync();
        var (code, console) = await rig.SubscribeAsync(new TestConsole(), "t", "t", "--rate");

        await rig.PublishAsync("t", "12345");

        await console.Out.LineAsync("a rate", line => line.EndsWith(" bytes/s", StringComparison.Ordinal) && !line.StartsWith(
            "0 messages/s", StringComparison.Ordinal));
        await console.InterruptAsync();
        (await Eventually.CompletesAsync("it ends", code)).ShouldBe(ExitCode.Interrupted);
        console.Out.ToString().ShouldNotContain("12345");
    }

    [Fact]
    public async Task Sub_NothingComes_TimesOutWith3()
    {
        await using var rig = await PubSubRig.StartAsync();

        var (code, console) = await rig.EndsAsync("sub", "t", "--timeout", "200ms");

        code.ShouldBe(ExitCode.TimedOut);
        console.Error.Lines.ShouldBe(["cassini: timed out after 0.2 s"]);
    }

    [Fact]
    public async Task Sub_Interrupted_SendsDisconnect()
    {
        await using var rig = await PubSubRig.StartAsync();
        var (code, console) = await rig.SubscribeAsync(new TestConsole(), "t", "t");

        await console.InterruptAsync();

        (await Eventually.CompletesAsync("it ends", code)).ShouldBe(ExitCode.Interrupted);
        await Eventually.HoldsAsync("its session is gone", () => rig.Subscribers("t") == 0);
    }
}
