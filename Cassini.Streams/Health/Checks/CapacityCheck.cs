using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>
/// There is room for new clients and their messages. Before the first sample the check is ok, because nothing is in use yet. The canary has
/// places of its own, so that it succeeds does not prove that there is room.
/// </summary>
internal sealed class CapacityCheck : Check
{
    private const double Mebibyte = 1024 * 1024;

    public override string Name => CheckNames.Capacity;

    public override bool InReadyz => true;

    public override object Basis(HealthFacts facts) => facts.Capacity;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        foreach (var (resource, found) in facts.Capacity.Each())
        {
            if (found.IsFull)
            {
                var what = resource is CapacityResource.Memory ? "new messages" : "new clients";
                var message = $"{Use(resource, found)}: {what} are turned away{Holder(resource, found)}";
                return Verdict.Of(HealthStatus.Error, FullOf(resource), message, found.Cause);
            }
        }

        foreach (var (resource, found) in facts.Capacity.Each())
        {
            if (found.IsHigh)
            {
                return Verdict.Of(
                    HealthStatus.Degraded, Reasons.CapacityHigh, $"{Use(resource, found)}{Holder(resource, found)}", found.Cause);
            }
        }

        return Verdict.Ok();
    }

    private static string FullOf(CapacityResource resource) => resource switch
    {
        CapacityResource.Connections => Reasons.ConnectionsFull,
        CapacityResource.Sessions => Reasons.SessionsFull,
        _ => Reasons.MemoryFull,
    };

    private static string Use(CapacityResource resource, ResourceFacts found)
    {
        var limit = found.Limit == 0 ? "all" : $"{Amount(resource, found.Used)} of {Amount(resource, found.Limit)}";
        return resource switch
        {
            CapacityResource.Connections => $"{limit} connections are open",
            CapacityResource.Sessions => $"{limit} sessions exist",
            _ => $"{limit} MiB of the memory for messages are in use",
        };
    }

    private static string Holder(CapacityResource resource, ResourceFacts found) =>
        found.Holder is null ? "" : $"; '{found.Holder}' holds most: {Amount(resource, found.Held)}";

    private static string Amount(CapacityResource resource, long amount) => resource is CapacityResource.Memory
        ? (amount / Mebibyte).ToString("N0", CultureInfo.InvariantCulture)
        : amount.ToString("N0", CultureInfo.InvariantCulture);
}
