using System.Text.RegularExpressions;
using Cassini.Tests.Support;

namespace Cassini.Tests.Deploy;

/// <summary>The drop-ins that make a broker a node, with a NATS server beside it.</summary>
public partial class FleetSystemdTests
{
    private static readonly string Node = DeployFiles.Read("systemd", "fleet.conf");
    private static readonly string Server = DeployFiles.Read("systemd", "nats-server.conf");

    /// <summary>As in Debian's package nats-server 2.9.10.</summary>
    private const string DebiansUnit = """
        [Unit]
        Description=NATS Server
        After=network.target ntp.service

        [Service]
        PrivateTmp=true
        Type=simple
        ExecStart=/bin/true -c /etc/nats-server.conf
        ExecReload=/bin/kill -s HUP $MAINPID
        ExecStop=/bin/kill -s SIGINT $MAINPID

        [Install]
        WantedBy=multi-user.target
        """;

    [Fact]
    public async Task Units_WithTheDropIns_AreVerified()
    {
        using var directory = new TempDirectory();
        Install(directory, "cassini.service", DeployFiles.Read("systemd", "cassini.service"), Node);
        Install(directory, "nats-server.service", DebiansUnit, Server);

        foreach (var unit in (string[])["cassini.service", "nats-server.service"])
        {
            var (code, said) = await DeployFiles.RunAsync(
                "systemd-analyze", directory.Path, "verify", "--man=no", directory.File(unit));
            said.ShouldBeEmpty();
            code.ShouldBe(0);
        }
    }

    [Fact]
    public void Node_Order_IsBehindItsServerAndNotBoundToIt()
    {
        Node.ShouldContain("\nWants=nats-server.service\nAfter=nats-server.service\n");
        Node.ShouldNotContain("\nRequires=");
        Node.ShouldNotContain("\nBindsTo=");
    }

    [Fact]
    public void Node_Variables_AreKnown()
    {
        var variables = Variable().Matches(Node).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);

        EnvironmentNames.Unknown(variables.Keys).ShouldBeEmpty();
        variables.Keys.ShouldBe(
            [
                "CASSINI__Cluster__Servers", "CASSINI__Cluster__Node", "CASSINI__Nats__CaPath", "CASSINI__Nats__CertificatePath",
                "CASSINI__Nats__KeyPath",
            ]);
        foreach (var server in variables["CASSINI__Cluster__Servers"].Split(','))
        {
            DeployFiles.Read("nats", "nats.conf").ShouldContain($"\"{server.Replace(":4222", ":6222", StringComparison.Ordinal)}\"");
        }
    }

    [Fact]
    public void Server_Variable_IsTheOneThatItsConfigurationReads() =>
        Variable().Matches(Server).Select(match => $"${match.Groups[1].Value}")
            .ShouldBe(
                Reference().Matches(DeployFiles.Read("nats", "nats.conf")).Select(match => match.Value)
                    .Where(name => name != "$FLEET_ONLY"));

    private static void Install(TempDirectory directory, string unit, string text, string dropIn)
    {
        directory.Write(unit, text.Replace("/usr/local/bin/cassini", "/bin/true", StringComparison.Ordinal));
        Directory.CreateDirectory(directory.File($"{unit}.d"));
        directory.Write(Path.Combine($"{unit}.d", "fleet.conf"), dropIn);
    }

    [GeneratedRegex("^Environment=([^=]+)=(.*)$", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex(@"(?<=^[^#\n]*)\$\w+", RegexOptions.Multiline)]
    private static partial Regex Reference();
}
