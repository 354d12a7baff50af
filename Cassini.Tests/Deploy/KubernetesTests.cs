using Cassini.Streams.Hosting;
using Cassini.Streams.Settings.Reading;
using Cassini.Web.Cli.Settings;
using k8s;
using k8s.Models;

namespace Cassini.Tests.Deploy;

public class KubernetesTests
{
    private static readonly V1Container Container = KubernetesManifests.Container;

    [Fact]
    public void Manifests_AllFiles_HoldTheTypesOfKubernetesAndNothingElse()
    {
        KubernetesManifests.All.Select(manifest => manifest.GetType()).ShouldBe(
            [
                typeof(V1ConfigMap), typeof(V1PersistentVolumeClaim), typeof(V1Deployment), typeof(V1Service), typeof(V1Service),
                typeof(V1PodDisruptionBudget), typeof(V1NetworkPolicy),
            ]);
        Directory.GetFiles(DeployFiles.Path("kubernetes")).Select(Path.GetFileName)
            .ShouldBe([.. KubernetesManifests.Files, "kustomization.yaml", "servicemonitor.yaml"], ignoreOrder: true);
    }

    [Fact]
    public void Manifests_UnknownField_IsRefused() =>
        Should.Throw<Exception>(() => KubernetesYaml.LoadAllFromString(
            DeployFiles.Read("kubernetes", "deployment.yaml").Replace("periodSeconds", "periodSecond", StringComparison.Ordinal),
            strict: true));

    [Fact]
    public void Kustomization_Resources_AreTheManifests()
    {
        var kustomization = DeployFiles.Yaml("kubernetes", "kustomization.yaml");

        kustomization.Keys.ShouldBe(["apiVersion", "kind", "resources", "images"]);
        kustomization["kind"].ShouldBe("Kustomization");
        DeployFiles.At<List<object>>(kustomization, "resources").ShouldBe(KubernetesManifests.Files);
        DeployFiles.At<string>(kustomization, "images", "0", "name").ShouldBe(Container.Image);
    }

    [Fact]
    public void ServiceMonitor_Endpoint_IsTheMetricsOfTheManagementService()
    {
        var monitor = DeployFiles.Yaml("kubernetes", "servicemonitor.yaml");
        var service = KubernetesManifests.Service("cassini-management");
        var endpoint = DeployFiles.At<Dictionary<object, object>>(monitor, "spec", "endpoints", "0");

        monitor["apiVersion"].ShouldBe("monitoring.coreos.com/v1");
        monitor.Keys.ShouldBe(["apiVersion", "kind", "metadata", "spec"]);
        DeployFiles.At<Dictionary<object, object>>(monitor, "spec").Keys.ShouldBe(["jobLabel", "selector", "endpoints"]);
        endpoint.Keys.ShouldBe(["port", "path", "interval", "scrapeTimeout", "authorization"]);
        endpoint["port"].ShouldBe(service.Spec.Ports.Single().Name);
        foreach (var (label, value) in DeployFiles.At<Dictionary<object, object>>(monitor, "spec", "selector", "matchLabels"))
        {
            service.Metadata.Labels[(string)label].ShouldBe(value);
        }

        // The rules ask for job="cassini".
        service.Metadata.Labels[DeployFiles.At<string>(monitor, "spec", "jobLabel")].ShouldBe("cassini");
        DeployFiles.At<string>(endpoint, "authorization", "credentials", "name").ShouldBe(VolumeSecretOf("/etc/cassini/management"));
        DeployFiles.At<string>(endpoint, "authorization", "credentials", "key").ShouldBe("token");
    }

    [Fact]
    public void Probes_Values_FollowFromTheDefaults()
    {
        var health = Defaults.Options.Health;
        var (startup, readiness, liveness) = (Container.StartupProbe, Container.ReadinessProbe, Container.LivenessProbe);

        Seconds(startup.PeriodSeconds * startup.FailureThreshold).ShouldBe(health.LiveWindow);
        Seconds(liveness.PeriodSeconds * liveness.FailureThreshold).ShouldBe(health.LiveWindow);
        (2 * Seconds(readiness.PeriodSeconds)).ShouldBeLessThanOrEqualTo(health.Hold, "a red verdict is seen at least twice");
        readiness.FailureThreshold.ShouldBe(1, "the broker damps its verdicts itself");
        Seconds(readiness.TimeoutSeconds).ShouldBeLessThan(Seconds(readiness.PeriodSeconds));
        Seconds(liveness.TimeoutSeconds).ShouldBeLessThan(Seconds(liveness.PeriodSeconds));

        // What the comment in the manifest promises.
        (health.Window + Seconds(readiness.PeriodSeconds) + Seconds(readiness.TimeoutSeconds)).ShouldBe(TimeSpan.FromSeconds(12));
    }

    [Fact]
    public void Probes_Paths_AreTheRightQuestions()
    {
        Container.StartupProbe.HttpGet.Path.ShouldBe("/livez");
        Container.ReadinessProbe.HttpGet.Path.ShouldBe("/readyz");
        Container.LivenessProbe.HttpGet.Path.ShouldBe("/livez", "never /healthz: one client's crash turns it red");
    }

    [Fact]
    public void GracePeriod_Seconds_FitPreStopAndDrain()
    {
        var preStop = TimeSpan.FromSeconds(Container.Lifecycle.PreStop.Sleep.Seconds);
        var readinessDelay = Environment("CASSINI__Drain__ReadinessDelay");
        Cassini.Streams.Primitives.DurationText.TryParse(readinessDelay, out var delay).ShouldBeTrue();

        TimeSpan.FromSeconds(KubernetesManifests.Pod.TerminationGracePeriodSeconds!.Value).ShouldFitAStop(preStop + delay);
        delay.ShouldBeGreaterThanOrEqualTo(
            Seconds(Container.ReadinessProbe.PeriodSeconds), "a probe that looks as often as the kubelet sees it");
    }

    [Fact]
    public void Ports_Everywhere_AreTheProgramsAndEachOthers()
    {
        var ports = Container.Ports.ToDictionary(port => port.Name, port => port.ContainerPort);

        ports.ShouldBe(
            new Dictionary<string, int> { ["mqtts"] = Defaults.MqttPort, ["management"] = Defaults.ManagementPort }, ignoreOrder: true);
        foreach (var probe in (V1Probe[])[Container.StartupProbe, Container.ReadinessProbe, Container.LivenessProbe])
        {
            ports[probe.HttpGet.Port.Value].ShouldBe(Defaults.ManagementPort);
        }

        foreach (var port in KubernetesManifests.All.OfType<V1Service>().SelectMany(service => service.Spec.Ports))
        {
            ports[port.TargetPort.Value].ShouldBe(port.Port);
        }

        KubernetesManifests.One<V1NetworkPolicy>().Spec.Ingress.SelectMany(rule => rule.Ports).Select(port => port.Port.Value)
            .ShouldBe([$"{Defaults.MqttPort}", $"{Defaults.ManagementPort}"]);
        Options().Broker.Listener.Endpoints.Single().Port.ShouldBe(Defaults.MqttPort);
        Options().Process.Management.Address.ShouldEndWith($":{Defaults.ManagementPort}");
    }

    [Fact]
    public void Selectors_AllManifests_SelectThePod()
    {
        var labels = KubernetesManifests.Deployment.Spec.Template.Metadata.Labels;

        foreach (var selector in KubernetesManifests.All.OfType<V1Service>().Select(service => service.Spec.Selector)
            .Append(KubernetesManifests.Deployment.Spec.Selector.MatchLabels)
            .Append(KubernetesManifests.One<V1PodDisruptionBudget>().Spec.Selector.MatchLabels)
            .Append(KubernetesManifests.One<V1NetworkPolicy>().Spec.PodSelector.MatchLabels))
        {
            selector.ShouldBeSubsetOf(labels);
        }
    }

    [Fact]
    public void Deployment_Pods_AreOneAtATime()
    {
        KubernetesManifests.Deployment.Spec.Replicas.ShouldBe(1);
        KubernetesManifests.Deployment.Spec.Strategy.Type.ShouldBe("Recreate");
    }

    [Fact]
    public void Pod_Privileges_AreNone()
    {
        var (pod, container) = (KubernetesManifests.Pod.SecurityContext, Container.SecurityContext);

        pod.RunAsNonRoot.ShouldBe(true);
        pod.SeccompProfile.Type.ShouldBe("RuntimeDefault");
        container.AllowPrivilegeEscalation.ShouldBe(false);
        container.ReadOnlyRootFilesystem.ShouldBe(true);
        container.Capabilities.Drop.ShouldBe(["ALL"]);
        KubernetesManifests.Pod.AutomountServiceAccountToken.ShouldBe(false);
        KubernetesManifests.Pod.EnableServiceLinks.ShouldBe(false, "the variables of a service named cassini look like settings");
        DeployFiles.Read("container", "Containerfile").ShouldContain($"\nUSER {pod.RunAsUser}\n");
    }

    [Fact]
    public void Volume_OfTheData_IsOnlyThisPodsAndLargeEnough()
    {
        var (claim, options) = (KubernetesManifests.One<V1PersistentVolumeClaim>(), Options().Broker);
        var mount = Container.VolumeMounts.Single(mount => mount.MountPath == Environment("CASSINI_DATA_DIR"));

        KubernetesManifests.Pod.Volumes.Single(volume => volume.Name == mount.Name).PersistentVolumeClaim.ClaimName
            .ShouldBe(claim.Metadata.Name);
        mount.ReadOnlyProperty.ShouldNotBe(true);
        KubernetesManifests.Pod.SecurityContext.FsGroup.ShouldBe(
            KubernetesManifests.Pod.SecurityContext.RunAsGroup, "else the process cannot write it");
        claim.Spec.AccessModes.ShouldBe(["ReadWriteOnce"]);
        claim.Spec.Resources.Requests["storage"].ToDecimal()
            .ShouldBeGreaterThanOrEqualTo((2m * options.History.MaxBytes) + (8m * options.Store.CompactBytes));
    }

    [Fact]
    public void Settings_Names_AreKnown()
    {
        var errors = new List<string>();
        EnvironmentNames.Unknown(Container.Env.Select(variable => variable.Name)).ShouldBeEmpty();
        var (broker, process) = Options(errors);

        errors.ShouldBeEmpty();
        SettingsCatalog.Validate(broker, process).ShouldBeEmpty();
    }

    [Fact]
    public void Files_OfTheSettings_AreInMountedSecrets()
    {
        var (options, _) = Options();
        string[] paths =
        [
            options.Tls!.CaPath, options.Tls.ServerChainPath, options.Tls.ServerKeyPath,
            options.Probing.CanaryCertificatePath!, options.Probing.CanaryKeyPath!, Environment("CASSINI_MANAGEMENT_TOKEN_FILE"),
        ];

        paths.Select(path => VolumeSecretOf(Path.GetDirectoryName(path)!)).ShouldBe(
            ["cassini-tls", "cassini-tls", "cassini-tls", "cassini-canary", "cassini-canary", "cassini-management"]);
        Container.Args.ShouldBe(["serve", "--config", "/etc/cassini/config/appsettings.json"]);
    }

    private static (CassiniOptions Broker, ProcessOptions Process) Options(List<string>? errors = null)
    {
        using var file = new Support.TempDirectory();
        var reader = new OptionsReader(
        [
            SettingsFile.Read(file.Write("appsettings.json", KubernetesManifests.Settings), file.Path, errors ?? []).Layer,
            SettingsEnvironment.Read(Container.Env.ToDictionary(variable => variable.Name, variable => variable.Value), errors ?? []),
        ]);
        var options = (reader.Read<CassiniOptions>(), reader.Read<ProcessOptions>());
        reader.ReportUnknown();
        errors?.AddRange([.. reader.Errors, .. reader.Warnings]);
        return options;
    }

    private static string Environment(string name) => Container.Env.Single(variable => variable.Name == name).Value;

    private static string VolumeSecretOf(string directory)
    {
        var mount = Container.VolumeMounts.Single(mount => mount.MountPath == directory);
        return KubernetesManifests.Pod.Volumes.Single(volume => volume.Name == mount.Name).Secret.SecretName;
    }

    private static TimeSpan Seconds(int? seconds) => TimeSpan.FromSeconds(seconds!.Value);
}
