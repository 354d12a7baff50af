using k8s;
using k8s.Models;

namespace Cassini.Tests.Deploy;

/// <summary>The manifests of a fleet, read strictly: a field that the type does not have is an error.</summary>
internal static class FleetManifests
{
    public static readonly string[] Files =
        ["nats.yaml", "configmap.yaml", "statefulset.yaml", "service.yaml", "poddisruptionbudget.yaml", "networkpolicy.yaml"];

    public static IReadOnlyList<object> All { get; } =
        [.. Files.SelectMany(file => KubernetesYaml.LoadAllFromString(DeployFiles.Read("kubernetes", "fleet", file), strict: true))];

    public static V1StatefulSet Cassini => Named<V1StatefulSet>("cassini");

    public static V1StatefulSet Nats => Named<V1StatefulSet>("nats");

    public static V1PodSpec Pod => Cassini.Spec.Template.Spec;

    public static V1Container Container => Pod.Containers.Single();

    public static string Settings => Named<V1ConfigMap>("cassini").Data["appsettings.json"];

    public static string NatsConfiguration => Named<V1ConfigMap>("nats").Data["nats.conf"];

    /// <summary>The names of the pods, which the nodes have.</summary>
    public static IReadOnlyList<string> Nodes => [.. PodsOf(Cassini)];

    public static T Named<T>(string name)
        where T : IMetadata<V1ObjectMeta> => All.OfType<T>().Single(one => one.Metadata.Name == name);

    public static IEnumerable<string> PodsOf(V1StatefulSet set) =>
        Enumerable.Range(0, set.Spec.Replicas!.Value).Select(index => $"{set.Metadata.Name}-{index}");

    /// <summary>The variables of a pod's container, as a kubelet makes them: the pod's name, and others that are named with $(…).</summary>
    public static Dictionary<string, string> VariablesOf(string pod)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in Container.Env)
        {
            var value = variable.ValueFrom?.FieldRef.FieldPath == "metadata.name" ? pod : variable.Value;
            variables[variable.Name] = variables.Aggregate(
                value, (text, earlier) => text.Replace($"$({earlier.Key})", earlier.Value, StringComparison.Ordinal));
        }

        return variables;
    }
}
