using System.Globalization;
using Cassini.Streams.Hosting;
using Cassini.Streams.Settings.Reading;
using Cassini.Tests.Docs;
using Cassini.Tests.Support;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Deploy;

public class ComposeFleetTests
{
    private static readonly Dictionary<string, object> Compose = DeployFiles.Yaml("compose.fleet.yaml");
    private static readonly string[] NodeNames = ["n1", "n2", "n3"];
    private static readonly string[] ServerNames = ["nats1", "nats2", "nats3"];

    public static TheoryData<string> Nodes => [.. NodeNames];

    /// <summary>The image of the servers, which Kubernetes uses too.</summary>
    public static string NatsImage => DeployFiles.At<string>(Service("nats1"), "image");

    [Fact]
    public void Services_OfTheFleet_AreThreeNodesAndThreeServers() =>
        DeployFiles.At<Dictionary<object, object>>(Compose, "services").Keys.ShouldBe([.. ServerNames, .. NodeNames], ignoreOrder: true);

    /// <summary>What a broker on its own is given, a node is given too.</summary>
    [Theory]
    [MemberData(nameof(Nodes))]
    public void Node_Container_IsThatOfABrokerOnItsOwn(string node)
    {
        foreach (var key in (string[])
            [
                "image", "build", "healthcheck", "restart", "read_only", "tmpfs", "cap_drop", "security_opt",
                "ulimits", "mem_limit", "secrets",
            ])
        {
            Text(Service(node)[key]).ShouldBe(Text(ContainerFiles.Cassini[key]), key);
        }
    }

    [Theory]
    [MemberData(nameof(Nodes))]
    public void Node_Settings_AreKnownAndMakeItThatNode(string node)
    {
        var environment = DeployFiles.At<Dictionary<object, object>>(Service(node), "environment")
            .ToDictionary(pair => (string)pair.Key, pair => (string)pair.Value);
        var errors = new List<string>();
        EnvironmentNames.Unknown(environment.Keys).ShouldBeEmpty();
        var reader = new OptionsReader(
        [
            SettingsEnvironment.Read(ContainerFiles.Variables.ToDictionary(), errors), SettingsEnvironment.Read(environment, errors),
        ]);
        var (broker, process) = (reader.Read<CassiniOptions>(), reader.Read<ProcessOptions>());
        reader.ReportUnknown();

        errors.Concat(reader.Errors).Concat(reader.Warnings).ShouldBeEmpty();
        SettingsCatalog.Validate(broker, process).ShouldBeEmpty();
        broker.Cluster.Node.ShouldBe(node);
        broker.Cluster.Servers.ShouldBe(ServerNames.Select(server => $"tls://{server}:4222"));
        Mounts(node)[broker.Nats.CaPath!].ShouldBe("./bus/ca.pem");
        Mounts(node)[broker.Nats.CertificatePath!].ShouldBe($"./bus/{node}.pem");
        Mounts(node)[broker.Nats.KeyPath!].ShouldBe($"./bus/{node}.key");
        Mounts(node)[environment["CASSINI_DATA_DIR"]].ShouldBe(node);
        DeployFiles.At<Dictionary<object, object>>(Compose, "volumes").Keys.ShouldContain(node);
    }

    [Fact]
    public void Ports_OfTheNodes_AreTheirOwnAndManagementIsOnLoopback()
    {
        foreach (var (index, node) in NodeNames.Index())
        {
            var management = (Defaults.ManagementPort + index).ToString(CultureInfo.InvariantCulture);
            DeployFiles.At<List<object>>(Service(node), "ports").ShouldBe(
                [$"{Defaults.MqttPort + index}:{Defaults.MqttPort}", $"127.0.0.1:{management}:{Defaults.ManagementPort}"]);
            DeployFiles.At<string>(Service(node), "environment", "CASSINI__Cluster__Management").ShouldBe($"http://127.0.0.1:{management}");
            DeployFiles.At<Dictionary<object, object>>(Service(node), "depends_on").Keys.ShouldBe(ServerNames);
        }
    }

    [Fact]
    public void Servers_OfNats_HaveTheConfigurationAndNoPortForOthers()
    {
        foreach (var server in ServerNames)
        {
            var service = Service(server);
            service.Keys.ShouldNotContain("ports");
            service["read_only"].ShouldBe("true");
            DeployFiles.At<List<object>>(service, "cap_drop").ShouldBe(["ALL"]);
            DeployFiles.At<string>(service, "environment", "NATS_NAME").ShouldBe(server);
            File.Exists(DeployFiles.Path(Mounts(server)[DeployFiles.At<string>(service, "command", "1")])).ShouldBeTrue();
            DeployFiles.At<List<object>>(service, "healthcheck", "test")[^1].ShouldBe("http://127.0.0.1:8222/healthz");
        }
    }

    [Fact]
    public async Task NatsConfiguration_OfTheFile_IsValidAndKnowsEachNode()
    {
        using var directory = new TempDirectory();
        var configuration = DeployFiles.Read("nats", "nats.conf");

        foreach (var server in ServerNames)
        {
            configuration.ShouldContain($"tls://{server}:6222");
            foreach (var path in Mounts(server).Keys.Where(path => path.StartsWith("/etc/nats/tls/", StringComparison.Ordinal)))
            {
                configuration.ShouldContain($"\"{path}\"");
            }
        }

        await NatsConfiguration.CheckAsync(directory, configuration, NodeNames);
    }

    [Fact]
    public void Bus_OfTheFile_IsNotInTheRepository() => Repository.Read(".gitignore").Split('\n').ShouldContain("/deploy/bus/");

    private static Dictionary<object, object> Service(string name) =>
        DeployFiles.At<Dictionary<object, object>>(Compose, "services", name);

    /// <summary>From the path in the container to what is there.</summary>
    private static Dictionary<string, string> Mounts(string service) => DeployFiles.At<List<object>>(Service(service), "volumes")
        .Cast<string>().Select(volume => volume.Split(':')).ToDictionary(parts => parts[1], parts => parts[0]);

    private static string Text(object yaml) => new YamlDotNet.Serialization.SerializerBuilder().Build().Serialize(yaml);
}
