using Cassini.Streams.Cluster;
using Cassini.Streams.Nats;
using Cassini.Tests.Cli;
using Cassini.Tests.Cluster;
using Cassini.Tests.Support;

namespace Cassini.Tests.Deploy;

/// <summary>
/// Configurations of NATS servers, run by a real one with the certificates of deploy/nats/certs. Only paths, addresses and routes differ
/// here.
/// </summary>
internal static class NatsConfiguration
{
    private const string Ready = "Server is ready";
    private const int Refused = 1922;

    /// <summary>Each node gets in with its certificate. A client of the CA that is no node does not, nor does a node without one.</summary>
    public static async Task CheckAsync(TempDirectory directory, string configuration, IReadOnlyList<string> nodes)
    {
        Programs.Require("nats-server");
        Programs.Require("openssl");
        var bus = directory.File("bus");
        await using var certs = ChildProcess.Start(
            DeployFiles.Path("nats", "certs"), [bus, "127.0.0.1,localhost", $"{string.Join(',', nodes)},stranger"], directory.Path);
        (await certs.ExitCodeAsync("certificates are made")).ShouldBe(0, certs.Error.ToString());

        var (port, file) = (FreePort.Find(), directory.Write("nats.conf", Here(configuration, bus)));
        file = directory.Write(
            "nats.conf", File.ReadAllText(file).Replace("CLIENTS", $"127.0.0.1:{port}", StringComparison.Ordinal));
        await using var server = ChildProcess.Start(Programs.Require("nats-server"), ["-c", file], directory.Path, ("NATS_NAME", "nats1"));
        await server.Error.LineAsync("the server is ready", line => line.Contains(Ready, StringComparison.Ordinal));

        foreach (var node in nodes)
        {
            await using var running = new RunningBus(
                [$"tls://127.0.0.1:{port}"], Options(bus, node), echo: new Subjects("main").Echo(node));
            await running.ConnectedAsync();
        }

        await using var stranger = new RunningBus([$"tls://127.0.0.1:{port}"], Options(bus, "stranger"));
        (await stranger.LineAsync(Refused)).Text.ShouldContain("Authorization Violation");
        await using var nobody = new RunningBus([$"tls://127.0.0.1:{port}"], new NatsOptions { CaPath = Path.Combine(bus, "ca.pem") });
        await nobody.LineAsync(Refused);
        stranger.Changes.Concat(nobody.Changes).ShouldBeEmpty();
    }

    private static NatsOptions Options(string bus, string node) => new()
    {
        CaPath = Path.Combine(bus, "ca.pem"),
        CertificatePath = Path.Combine(bus, $"{node}.pem"),
        KeyPath = Path.Combine(bus, $"{node}.key"),
    };

    /// <summary>The same on loopback. Routes have a port of their own and nobody to connect to.</summary>
    private static string Here(string configuration, string bus)
    {
        var here = configuration
            .Replace("/etc/nats/tls", bus, StringComparison.Ordinal)
            .Replace("0.0.0.0:4222", "CLIENTS", StringComparison.Ordinal)
            .Replace("0.0.0.0:6222", $"127.0.0.1:{FreePort.Find()}", StringComparison.Ordinal)
            .Replace("0.0.0.0:8222", $"127.0.0.1:{FreePort.Find()}", StringComparison.Ordinal)
            .Replace("127.0.0.1:8222", $"127.0.0.1:{FreePort.Find()}", StringComparison.Ordinal);
        here = string.Join('\n', here.Split('\n').Where(line => !line.TrimStart().StartsWith("routes:", StringComparison.Ordinal)));
        here.ShouldNotContain("/etc/");
        here.ShouldNotContain("0.0.0.0");
        return here;
    }
}
