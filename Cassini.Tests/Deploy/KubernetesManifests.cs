using k8s;
using k8s.Models;

namespace Cassini.Tests.Deploy;

/// <summary>The manifests, read strictly: a field that the type does not have is an error.</summary>
internal static class KubernetesManifests
{
    public static readonly string[] Files =
    [
        "configmap.yaml", "persistentvolumeclaim.yaml", "deployment.yaml", "service.yaml", "poddisruptionbudget.yaml", "networkpolicy.yaml",
    ];

    /// <summary>Those that need no types of their own in the cluster.</summary>
    public static IReadOnlyList<object> All { get; } =
        [.. Files.SelectMany(file => KubernetesYaml.LoadAllFromString(DeployFiles.Read("kubernetes", file), strict: true))];

    public static V1Deployment Deployment => One<V1Deployment>();

    public static V1PodSpec Pod => Deployment.Spec.Template.Spec;

    public static V1Container Container => Pod.Containers.Single();

    public static string Settings => One<V1ConfigMap>().Data["appsettings.json"];

    public static T One<T>() => All.OfType<T>().Single();

    public static V1Service Service(string name) => All.OfType<V1Service>().Single(service => service.Metadata.Name == name);
}
