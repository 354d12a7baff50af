using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Deploy;

/// <summary>deploy/fleet/up, as it is: three real NATS servers and three real nodes, from its start to Ctrl-C.</summary>
[StartsExecutable]
public sealed class FleetUpTests : IDisposable
{
    private const int Ports = 12;
    private const int Kill = 9;

    /// <summary>Six processes start, and the script itself gives up after two minutes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Up_PublishOnOneNode_ArrivesAtAnotherAndInterruptStopsAll()
    {
        Programs.Require("nats-server");
        Programs.Require("curl");
        await using var up = ChildProcess.Start(
            DeployFiles.Path("fleet", "up"), [_directory.File("fleet")], _directory.Path, Environment(FreePorts()));

        await up.Out.LineAsync("it is up", line => line.StartsWith("Ctrl-C", StringComparison.Ordinal), Patience);
        var (subscribe, publish) = (Line(up, " sub "), Line(up, " pub "));
        await using var subscriber = ChildProcess.Paste($"{subscribe} --count 1", _directory.Path);
        await KnowsWhatItWantsAsync(Line(up, "curl ").Split(' ')[^1], "n2");
        await using var publisher = ChildProcess.Paste(publish, _directory.Path);
        (await publisher.ExitCodeAsync("it publishes", Patience)).ShouldBe(0, publisher.Error.ToString());
        (await subscriber.ExitCodeAsync("the message comes", Patience)).ShouldBe(0, subscriber.Error.ToString());
        subscriber.Out.ToString().ShouldBe("greetings/world hello");

        up.Signal(ChildProcess.Interrupt);
        (await up.ExitCodeAsync("it stops", Patience)).ShouldBe(0, up.Error.ToString());
        foreach (var process in Processes(up))
        {
            Directory.Exists($"/proc/{process}").ShouldBeFalse($"process {process} is left");
        }
    }

    [Fact]
    public async Task Up_NodeIsKilled_SaysHowToStartItAgain()
    {
        Programs.Require("nats-server");
        Programs.Require("curl");
        await using var up = ChildProcess.Start(
            DeployFiles.Path("fleet", "up"), [_directory.File("fleet")], _directory.Path, Environment(FreePorts()));
        await up.Out.LineAsync("it is up", line => line.StartsWith("Ctrl-C", StringComparison.Ordinal), Patience);

        await using var kill = ChildProcess.Paste(Line(up, "kill -9 "), _directory.Path);
        (await kill.ExitCodeAsync("it is killed")).ShouldBe(0);
        var said = await up.Out.LineAsync("it is said", line => line.StartsWith("n3 has ended", StringComparison.Ordinal));
        said.ShouldBe($"n3 has ended with {128 + Kill}. To start it again: {_directory.File("fleet/start-n3")}");

        await using var again = ChildProcess.Start(_directory.File("fleet/start-n3"), [], _directory.Path);
        await again.ManagementAsync();
        up.Signal(ChildProcess.Terminate);
        (await up.ExitCodeAsync("it stops", Patience)).ShouldBe(0, up.Error.ToString());
        (await again.ExitCodeAsync("its directory may be removed", Patience)).ShouldBe(0);
    }

    [Fact]
    public async Task Up_WithoutNatsServer_SaysHowToGetIt()
    {
        var programs = _directory.File("programs");
        Directory.CreateDirectory(programs);
        foreach (var program in (string[])["bash", "env"])
        {
            File.CreateSymbolicLink(Path.Combine(programs, program), Programs.Require(program));
        }

        Assert.SkipWhen(File.Exists("/usr/sbin/nats-server"), "This machine has nats-server where the script looks always.");
        await using var up = ChildProcess.Start(DeployFiles.Path("fleet", "up"), [], _directory.Path, ("PATH", programs));

        (await up.ExitCodeAsync("it ends")).ShouldBe(1);
        up.Error.ToString().ShouldContain("apt-get install nats-server");
    }

    /// <summary>Waits until the node that answers knows that clients of another one want something.</summary>
    private static async Task KnowsWhatItWantsAsync(string fleet, string node)
    {
        using var http = new HttpClient();
        await Eventually.BecomesAsync(
            $"the other node knows what the clients of {node} want",
            async () => await http.GetStringAsync(fleet, TestContext.Current.CancellationToken),
            answer => JsonDocument.Parse(answer).RootElement.GetProperty("nodes").EnumerateArray()
                .Single(one => one.GetProperty("node").GetString() == node).GetProperty("interest").GetProperty("version").GetInt64() > 0,
            Patience);
    }

    private static (string Name, string Value)[] Environment(int basePort) =>
        [("CASSINI", CassiniProcess.Executable), ("BASE_PORT", $"{basePort}")];

    private static string Line(ChildProcess up, string part) =>
        up.Out.Lines
            .Single(line => line.StartsWith("  ", StringComparison.Ordinal) && line.Contains(part, StringComparison.Ordinal)).Trim();

    private static List<string> Processes(ChildProcess up)
    {
        var processes = up.Out.Lines.Where(line => line.Contains("process ", StringComparison.Ordinal))
            .Select(line => line.Split(' ')[^1]).ToList();
        processes.Count.ShouldBe(6);
        return processes;
    }

    /// <summary>The first of twelve ports in a row that were free a moment ago.</summary>
    private static int FreePorts()
    {
        while (true)
        {
            var first = FreePort.Find();
            if (first + Ports <= IPEndPoint.MaxPort && Enumerable.Range(first, Ports).All(IsFree))
            {
                return first;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
