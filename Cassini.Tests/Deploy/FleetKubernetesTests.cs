using Cassini.Streams.Hosting;
using Cassini.Streams.Settings.Reading;
using Cassini.Tests.Support;
using Cassini.Web.Cli.Settings;
using k8s.Models;

namespace Cassini.Tests.Deploy;

public class FleetKubernetesTests
{
    private const int NatsPort = 4222;
    private const int RoutePort = 6222;

    private static readonly V1Container Container = FleetManifests.Container;
    private static readonly V1Container NatsContainer = FleetManifests.Nats.Spec.Template.Spec.Containers.Single();

    public static TheoryData<string> Nodes => [.. FleetManifests.Nodes];

    [Fact]
    public void Manifests_AllFiles_HoldTheTypesOfKubernetesAndNothingElse()
    {
        FleetManifests.All.Select(manifest => manifest.GetType()).ShouldBe(
            [
                typeof(V1ConfigMap), typeof(V1Service), typeof(V1StatefulSet), typeof(V1ConfigMap), typeof(V1StatefulSet),
                typeof(V1Service), typeof(V1Service), typeof(V1PodDisruptionBudget), typeof(V1PodDisruptionBudget), typeof(V1NetworkPolicy),
                typeof(V1NetworkPolicy),
            ]);
        Directory.GetFiles(DeployFiles.Path("kubernetes", "fleet")).Select(Path.GetFileName)
            .ShouldBe([.. FleetManifests.Files, "kustomization.yaml"], ignoreOrder: true);
    }

    [Fact]
    public void Kustomization_ResourcesAndImages_AreThoseOfTheManifests()
    {
        var kustomization = DeployFiles.Yaml("kubernetes", "fleet", "kustomization.yaml");

        DeployFiles.At<List<object>>(kustomization, "resources").ShouldBe(FleetManifests.Files);
        DeployFiles.At<List<object>>(kustomization, "images").Select(image => DeployFiles.At<string>(image, "name"))
            .ShouldBe([Container.Image, NatsContainer.Image]);
        $"nats:{DeployFiles.At<string>(kustomization, "images", "1", "newTag")}".ShouldBe(ComposeFleetTests.NatsImage);
    }

    [Theory]
    [MemberData(nameof(Nodes))]
    public void Settings_OfEachPod_AreKnownAndMakeItThatNode(string pod)
    {
        var errors = new List<string>();
        EnvironmentNames.Unknown(Container.Env.Select(variable => variable.Name)).ShouldBeEmpty();
        var (broker, process) = Options(pod, errors);

        errors.ShouldBeEmpty();
        SettingsCatalog.Validate(broker, process).ShouldBeEmpty();
        broker.Cluster.Node.ShouldBe(pod);
        broker.Cluster.Management.ShouldBe($"http://{pod}.{FleetManifests.Cassini.Spec.ServiceName}:{Defaults.ManagementPort}");
        broker.Cluster.Servers.ShouldBe(
            FleetManifests.PodsOf(FleetManifests.Nats)
                .Select(server => $"tls://{server}.{FleetManifests.Nats.Spec.ServiceName}:{NatsPort}"));
        Container.Args.ShouldBe(["serve", "--config", "/etc/cassini/config/appsettings.json"]);
    }

    [Theory]
    [MemberData(nameof(Nodes))]
    public void Files_OfTheSettings_AreInMountedSecrets(string pod)
    {
        var (options, _) = Options(pod, []);
        string[] paths =
        [
            options.Tls!.CaPath, options.Tls.ServerChainPath, options.Tls.ServerKeyPath,
            options.Probing.CanaryCertificatePath!, options.Probing.CanaryKeyPath!,
            FleetManifests.VariablesOf(pod)["CASSINI_MANAGEMENT_TOKEN_FILE"],
            options.Nats.CaPath!, options.Nats.CertificatePath!, options.Nats.KeyPath!,
        ];

        paths.Select(path => SecretAt(Path.GetDirectoryName(path)!)).ShouldBe(
            [
                "cassini-tls", "cassini-tls", "cassini-tls", "cassini-canary", "cassini-canary", "cassini-management", "cassini-bus",
                "cassini-bus", "cassini-bus",
            ]);
        Path.GetFileName(options.Nats.CertificatePath).ShouldBe($"{pod}.pem");
        Path.GetFileName(options.Nats.KeyPath).ShouldBe($"{pod}.key");
    }

    /// <summary>
    /// What a broker on its own is given, a node is given too: probes, times, privileges, resources and ports are the same.
    /// </summary>
    [Fact]
    public void Container_OfANode_IsThatOfABrokerOnItsOwn()
    {
        var (node, alone) = (Container, KubernetesManifests.Container);

        foreach (var (ours, theirs) in (IEnumerable<(object, object)>)
            [
                (node.StartupProbe, alone.StartupProbe), (node.ReadinessProbe, alone.ReadinessProbe),
                (node.LivenessProbe, alone.LivenessProbe), (node.Lifecycle, alone.Lifecycle), (node.Resources, alone.Resources),
                (node.SecurityContext, alone.SecurityContext), (node.Ports, alone.Ports),
                (FleetManifests.Pod.SecurityContext, KubernetesManifests.Pod.SecurityContext),
            ])
        {
            k8s.KubernetesYaml.Serialize(ours).ShouldBe(k8s.KubernetesYaml.Serialize(theirs));
        }

        FleetManifests.Pod.TerminationGracePeriodSeconds.ShouldBe(
            KubernetesManifests.Pod.TerminationGracePeriodSeconds + (long)Defaults.Options.Drain.HandOverTimeout.TotalSeconds);
        FleetManifests.VariablesOf("n")["CASSINI__Drain__ReadinessDelay"].ShouldBe(
            KubernetesManifests.Container.Env.Single(variable => variable.Name == "CASSINI__Drain__ReadinessDelay").Value);
        FleetManifests.Pod.AutomountServiceAccountToken.ShouldBe(false);
        FleetManifests.Pod.EnableServiceLinks.ShouldBe(false);
    }

    [Fact]
    public void Volume_OfANode_IsItsOwnAndOutlivesIt()
    {
        var claim = FleetManifests.Cassini.Spec.VolumeClaimTemplates.Single();
        var alone = KubernetesManifests.One<V1PersistentVolumeClaim>();

        Container.VolumeMounts.Single(mount => mount.MountPath == FleetManifests.VariablesOf("n")["CASSINI_DATA_DIR"]).Name
            .ShouldBe(claim.Metadata.Name);
        claim.Spec.AccessModes.ShouldBe(alone.Spec.AccessModes);
        claim.Spec.Resources.Requests["storage"].ToDecimal().ShouldBe(alone.Spec.Resources.Requests["storage"].ToDecimal());
        FleetManifests.Cassini.Spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted.ShouldBe("Retain");
        FleetManifests.Cassini.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled.ShouldBe("Retain");
    }

    [Theory]
    [InlineData("cassini")]
    [InlineData("nats")]
    public void Pods_OfASet_AreThreeOnHostsOfTheirOwnAndGoOneByOne(string name)
    {
        var set = FleetManifests.Named<V1StatefulSet>(name);
        var (labels, pod) = (set.Spec.Template.Metadata.Labels, set.Spec.Template.Spec);
        var apart = pod.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution.Single();
        var spread = pod.TopologySpreadConstraints.Single();
        var budget = FleetManifests.Named<V1PodDisruptionBudget>(name).Spec;

        set.Spec.Replicas.ShouldBe(3);
        apart.TopologyKey.ShouldBe("kubernetes.io/hostname");
        spread.TopologyKey.ShouldBe("topology.kubernetes.io/zone");
        budget.MaxUnavailable.Value.ShouldBe("1");
        budget.UnhealthyPodEvictionPolicy.ShouldBe("AlwaysAllow");
        foreach (var selector in (IDictionary<string, string>[])
            [
                set.Spec.Selector.MatchLabels, apart.LabelSelector.MatchLabels, spread.LabelSelector.MatchLabels,
                budget.Selector.MatchLabels, FleetManifests.Named<V1NetworkPolicy>(name).Spec.PodSelector.MatchLabels,
                FleetManifests.Named<V1Service>(set.Spec.ServiceName).Spec.Selector,
            ])
        {
            selector.ShouldBeSubsetOf(labels);
        }

        FleetManifests.Named<V1Service>(set.Spec.ServiceName).Spec.ClusterIP.ShouldBe("None", "so that each pod has a name");
        FleetManifests.Named<V1Service>(set.Spec.ServiceName).Spec.PublishNotReadyAddresses.ShouldBe(true);
    }

    [Fact]
    public void Ports_Everywhere_AreTheProgramsAndEachOthers()
    {
        foreach (var service in FleetManifests.All.OfType<V1Service>())
        {
            var ports = (service.Metadata.Name == "nats" ? NatsContainer : Container).Ports
                .ToDictionary(port => port.Name, port => port.ContainerPort);
            service.Spec.Ports.ShouldAllBe(port => ports[port.TargetPort.Value] == port.Port);
        }

        NatsContainer.Ports.Select(port => port.ContainerPort).ShouldBe([NatsPort, RoutePort, 8222]);
        foreach (var port in NatsContainer.Ports)
        {
            FleetManifests.NatsConfiguration.ShouldContain($"0.0.0.0:{port.ContainerPort}");
        }

        foreach (var probe in (V1Probe[])[NatsContainer.StartupProbe, NatsContainer.ReadinessProbe, NatsContainer.LivenessProbe])
        {
            (probe.HttpGet.Path, probe.HttpGet.Port.Value).ShouldBe(("/healthz", "monitor"));
        }
    }

    [Fact]
    public void Policies_OfTheFleet_LetNobodyButNodesAndServersToNats()
    {
        var nats = FleetManifests.Named<V1NetworkPolicy>("nats").Spec.Ingress
            .Select(rule => (rule.FromProperty.Single().PodSelector.MatchLabels.Values.Single(), rule.Ports.Single().Port.Value));
        var nodes = FleetManifests.Named<V1NetworkPolicy>("cassini").Spec;

        nats.ShouldBe([("cassini", $"{NatsPort}"), ("nats", $"{RoutePort}")]);
        nodes.Ingress.SelectMany(rule => rule.Ports).Select(port => port.Port.Value)
            .ShouldBe([$"{Defaults.MqttPort}", $"{Defaults.ManagementPort}"]);
        nodes.Egress.SelectMany(rule => rule.Ports).Select(port => port.Port.Value).ShouldBe([$"{NatsPort}", "53", "53"]);
    }

    [Fact]
    public async Task NatsConfiguration_OfTheManifest_IsValidAndKnowsEachNode()
    {
        using var directory = new TempDirectory();

        await NatsConfiguration.CheckAsync(directory, FleetManifests.NatsConfiguration, FleetManifests.Nodes);
        foreach (var server in FleetManifests.PodsOf(FleetManifests.Nats))
        {
            FleetManifests.NatsConfiguration.ShouldContain($"tls://{server}.nats:{RoutePort}");
        }
    }

    private static (CassiniOptions Broker, ProcessOptions Process) Options(string pod, List<string> errors)
    {
        using var file = new TempDirectory();
        var reader = new OptionsReader(
        [
            SettingsFile.Read(file.Write("appsettings.json", FleetManifests.Settings), file.Path, errors).Layer,
            SettingsEnvironment.Read(FleetManifests.VariablesOf(pod), errors),
        ]);
        var options = (reader.Read<CassiniOptions>(), reader.Read<ProcessOptions>());
        reader.ReportUnknown();
        errors.AddRange([.. reader.Errors, .. reader.Warnings]);
        return options;
    }

    private static string SecretAt(string directory)
    {
        var mount = Container.VolumeMounts.Single(mount => mount.MountPath == directory);
        return FleetManifests.Pod.Volumes.Single(volume => volume.Name == mount.Name).Secret.SecretName;
    }
}
