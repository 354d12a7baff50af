using System.Net;
using System.Net.Sockets;
using Cassini.Harness;
using Cassini.Streams.Tls.Development;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;

namespace Cassini.Tests.Cli.Messaging;

/// <summary>Each way to fail is one clear line and its exit code.</summary>
public class RefusalTests
{
    [Theory]
    [InlineData("pub t/# x", "topic 't/#' must not have a wildcard")]
    [InlineData("pub t", "nothing to publish: give MESSAGE, --file, --stdin-lines or --null")]
    [InlineData("pub t x --null", "MESSAGE and --null exclude each other")]
    [InlineData("pub t --stdin-lines --repeat 2", "--stdin-lines and --repeat exclude each other")]
    [InlineData("pub t x --qos 3", "--qos '3' is not one of 0, 1, 2")]
    [InlineData("pub t x --mqtt 4", "--mqtt '4' is not one of 5, 3.1.1")]
    [InlineData("pub t x --mqtt 3.1.1 --property a=b", "--property needs MQTT 5")]
    [InlineData("pub t x --property a", "--property 'a' is not NAME=VALUE")]
    [InlineData("pub t x --expiry 1500ms", "--expiry '1500ms' is not in whole seconds")]
    [InlineData("pub t x --repeat 0", "--repeat '0' is not a number of 1 or more")]
    [InlineData("pub t x --broker here", "--broker 'here' is not HOST:PORT")]
    [InlineData("pub t x --broker ::1:8883", "--broker '::1:8883' is not HOST:PORT")]
    [InlineData("pub t x --broker h:0", "--broker 'h:0' is not HOST:PORT")]
    [InlineData("pub t x --cert a.pem", "--cert and --key belong together")]
    [InlineData("sub", "Required argument 'FILTER' missing")]
    [InlineData("sub a/#/b", "filter 'a/#/b' may have # only as its last level")]
    [InlineData("sub a+", "filter 'a+' may have + only as a whole level")]
    [InlineData("sub $share/x", "filter '$share/x' is not $share/NAME/FILTER")]
    [InlineData("sub t --timeout 1", "--timeout '1' is not a duration")]
    [InlineData("sub t --count -1", "--count '-1' is not a number of 1 or more")]
    public async Task Run_WrongUsage_Is64BeforeAnyConnection(string args, string complaint)
    {
        using var console = new TestConsole();

        (await PubSubRig.RunAsync(console, args.Split(' '))).ShouldBe(ExitCode.Usage);

        console.Error.ToString().ShouldContain($"cassini: {complaint}");
    }

    [Fact]
    public async Task Pub_TopicThatIsDenied_Is2()
    {
        await using var rig = await PubSubRig.StartAsync("deny publish * secret/#", "allow all * #");

        await FailsAsync(
            rig, $"{rig.Broker}: the broker refused the message on 'secret/x': not authorized (0x87)",
            "pub", "secret/x", "y", "--qos", "1");
    }

    [Fact]
    public async Task Sub_FilterThatIsDenied_Is2AndNamesIt()
    {
        await using var rig = await PubSubRig.StartAsync("deny subscribe * secret/#", "allow all * #");

        await FailsAsync(
            rig, $"{rig.Broker}: the broker refused the subscription to 'secret/x': not authorized (0x87): not allowed: secret/x",
            "sub", "t", "secret/x");
    }

    [Fact]
    public async Task Connect_NothingListens_Is2()
    {
        await using var rig = await PubSubRig.StartAsync();
        var unused = $"127.0.0.1:{FreePort.Find()}";

        using var console = new TestConsole();
        (await PubSubRig.RunAsync(console, ["sub", "t", .. rig.Connection.Skip(2), "--broker", unused])).ShouldBe(ExitCode.Error);

        console.Error.Lines.ShouldBe([$"cassini: {unused}: connection refused"]);
    }

    [Fact]
    public async Task Connect_NameThatTheCertificateLacks_Is2()
    {
        await using var rig = await PubSubRig.StartAsync();

        await FailsAsync(
            rig, $"{rig.Broker}: the broker's certificate ('CN=localhost') is not for 'elsewhere': see --server-name",
            "pub", "t", "x", "--server-name", "elsewhere");
    }

    [Fact]
    public async Task Connect_BrokerOfAnotherCa_Is2()
    {
        await using var rig = await PubSubRig.StartAsync();
        using var other = Certificates();

        using var console = new TestConsole();
        (await PubSubRig.RunAsync(console, ["pub", "t", "x", "--broker", rig.Broker, .. Client(other), "--ca", other.File("ca.pem")]))
            .ShouldBe(ExitCode.Error);

        console.Error.Lines.ShouldBe(
            [$"cassini: {rig.Broker}: the broker's certificate ('CN=localhost') is not of the CA that was given: see --ca"]);
    }

    [Fact]
    public async Task Connect_NoCaGiven_NamesTheDevelopmentCa()
    {
        await using var rig = await PubSubRig.StartAsync();
        using var data = new TempDirectory();
        DevelopmentCertificates.Ensure(Path.Combine(data.Path, "dev-certs"), TimeProvider.System, []);

        using var console = new TestConsole();
        console.Environment["CASSINI_DATA_DIR"] = data.Path;
        (await PubSubRig.RunAsync(console, ["pub", "t", "x", "--broker", rig.Broker])).ShouldBe(ExitCode.Error);

        console.Error.Lines.ShouldBe(
            [
                $"cassini: {rig.Broker}: the broker's certificate ('CN=localhost') is not of the development CA, "
                + "which is trusted because no other was given: see --ca",
            ]);
    }

    [Fact]
    public async Task Connect_ClientOfAnotherCa_Is2()
    {
        await using var rig = await PubSubRig.StartAsync();
        using var other = Certificates();

        using var console = new TestConsole();
        (await PubSubRig.RunAsync(console, ["pub", "t", "x", "--broker", rig.Broker, .. Client(other), "--ca", rig.Host.CaPath]))
            .ShouldBe(ExitCode.Error);

        console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith(
            $"cassini: {rig.Broker}: the broker closed the connection before it answered, "
            + "as brokers do when they do not accept the client's certificate");
    }

    [Theory]
    [InlineData("absent", "no such file")]
    [InlineData("", "is a directory, not a file")]
    public async Task Pub_FileThatCannotBeRead_SaysWhy(string file, string problem)
    {
        using var certificates = Certificates();
        using var console = new TestConsole();

        (await PubSubRig.RunAsync(console, ["pub", "t", "--file", certificates.File(file)])).ShouldBe(ExitCode.Error);

        console.Error.Lines.ShouldBe([$"cassini: --file: {certificates.File(file)}: {problem}"]);
    }

    [Theory]
    [InlineData("--key", "server.key", "the key does not match the first certificate of ")]
    [InlineData("--key", "client.pem", "is not PEM: it has no 'BEGIN PRIVATE KEY' block")]
    [InlineData("--key", "absent", "no such file")]
    [InlineData("--cert", "client.key", "is not PEM: it has no 'BEGIN CERTIFICATE' block")]
    [InlineData("--ca", "absent", "no such file")]
    public async Task Certificates_Unusable_NameTheFile(string flag, string file, string problem)
    {
        using var certificates = Certificates();
        var flags = new Dictionary<string, string> { ["--ca"] = "ca.pem", ["--cert"] = "client.pem", ["--key"] = "client.key" };
        flags[flag] = file;

        using var console = new TestConsole();
        (await PubSubRig.RunAsync(
            console, ["pub", "t", "x", .. flags.SelectMany(pair => new[] { pair.Key, certificates.File(pair.Value) })]))
            .ShouldBe(ExitCode.Error);

        console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith($"cassini: {flag}: {certificates.File(file)}: {problem}");
    }

    [Fact]
    public async Task Certificates_NoneGivenAndNoneMade_SaysWhatToDo()
    {
        using var home = new TempDirectory();
        using var console = new TestConsole();
        console.Environment["HOME"] = home.Path;

        (await PubSubRig.RunAsync(console, "pub", "t", "x")).ShouldBe(ExitCode.Error);

        console.Error.Lines.ShouldBe([
            $"cassini: there are no development certificates in {home.Path}/.local/share/cassini/dev-certs: "
            + "start 'cassini serve' first, or give --ca, --cert and --key"]);
    }

    [Fact]
    public async Task Sub_SessionTakenOver_EndsInsteadOfFighting()
    {
        await using var rig = await PubSubRig.StartAsync();
        var (code, console) = await rig.SubscribeAsync(new TestConsole(), "t", "t", "--id", "one");

        var (_, other) = rig.Run("sub", "u", "--id", "one");

        (await Eventually.CompletesAsync("the first one ends", code)).ShouldBe(ExitCode.Error);
        console.Error.Lines.ShouldBe([$"cassini: {rig.Broker}: the broker closed the connection: session taken over (0x8E)"]);
        await other.InterruptAsync();
    }

    [Fact]
    public async Task Sub_ConnectionLost_ConnectsAgainAndSaysSo()
    {
        await using var rig = await PubSubRig.StartAsync();
        var (code, console) = await rig.SubscribeAsync(new TestConsole(), "t", "t", "--id", "lost", "--count", "1");

        rig.Host.Disconnect("lost");
        await console.Error.LineAsync(
            "it is back", line => line.EndsWith("connected again; what was published meanwhile is missing", StringComparison.Ordinal));
        await rig.PublishAsync("t", "after");

        (await Eventually.CompletesAsync("it goes on", code)).ShouldBe(ExitCode.Ok);
        console.Out.Lines.ShouldBe(["t after"]);
        console.Error.Lines[0].ShouldEndWith("; connecting again");
    }

    [Fact]
    public async Task Connect_SomethingElseThanTls_Is2()
    {
        await using var rig = await PubSubRig.StartAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = AnswerInPlainTextAsync(listener);

        using var console = new TestConsole();
        (await PubSubRig.RunAsync(console, ["pub", "t", "x", .. rig.Connection.Skip(2), "--broker", $"{listener.LocalEndpoint}"]))
            .ShouldBe(ExitCode.Error);

        console.Error.Lines.ShouldBe(
        [
            $"cassini: {listener.LocalEndpoint}: answers without TLS; "
            + "perhaps it is the management port, and not the port for MQTT clients",
        ]);
        await answering;
    }

    private static async Task FailsAsync(PubSubRig rig, string complaint, params IEnumerable<string> args)
    {
        var (code, console) = await rig.EndsAsync(args);
        console.Error.Lines.ShouldBe([$"cassini: {complaint}"]);
        code.ShouldBe(ExitCode.Error);
        console.Out.Lines.ShouldBeEmpty();
    }

    private static async Task AnswerInPlainTextAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await client.GetStream().CopyToAsync(Stream.Null, TestContext.Current.CancellationToken); // Until it has closed the connection.
    }

    private static TempDirectory Certificates()
    {
        var directory = new TempDirectory();
        using var authority = new TestAuthority("Other CA");
        authority.Write(directory.Path);
        authority.WriteClient(directory.Path, authority.IssueClient("stranger"));
        return directory;
    }

    private static string[] Client(TempDirectory certificates) =>
        ["--cert", certificates.File("client.pem"), "--key", certificates.File("client.key")];
}
