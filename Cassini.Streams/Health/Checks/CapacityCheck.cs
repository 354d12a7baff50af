using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Primitives;

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
        foreach (var (resource, found) in facts.Capacity.Judged())
        {
            if (found.IsFull)
            {
                var message = $"{Use(resource, found)}: {TurnedAway(resource)}{Holder(resource, found)}";
                return Verdict.Of(HealthStatus.Error, FullOf(resource), message, found.Cause);
            }
        }

        foreach (var (resource, found) in facts.Capacity.Judged())
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
        CapacityResource.Retained => Reasons.RetainedFull,
        CapacityResource.SharedSubscriptions => Reasons.SharedSubscriptionsFull,
        CapacityResource.Descriptors => Reasons.DescriptorsFull,
        _ => Reasons.MemoryFull,
    };

    private static string TurnedAway(CapacityResource resource) => resource switch
    {
        CapacityResource.Memory => "new messages are turned away",
        CapacityResource.Retained => "messages for further topics are not retained",
        CapacityResource.SharedSubscriptions => "new ones are refused",
        _ => "new clients are turned away",
    };

    private static string Use(CapacityResource resource, ResourceFacts found)
    {
        var isOne = found.Limit > 0 && Amount(resource, found.Used) == "1";
        return resource switch
        {
            CapacityResource.Connections => $"{Part(resource, found, "connection")} {(isOne ? "is" : "are")} open",
            CapacityResource.Sessions => $"{Part(resource, found, "session")} {(isOne ? "exists" : "exist")}",
            CapacityResource.Retained => $"{Part(resource, found, "retained message")} {(isOne ? "exists" : "exist")}",
            CapacityResource.SharedSubscriptions =>
                $"{Part(resource, found, "shared subscription")} {(isOne ? "exists" : "exist")}",
            CapacityResource.Descriptors => $"{Part(resource, found, "file descriptor")} {(isOne ? "is" : "are")} in use",
            _ when found.Limit == 0 => "all of the memory for messages is in use",
            _ => $"{Part(resource, found, "MiB", "MiB")} of the memory for messages {(isOne ? "is" : "are")} in use",
        };
    }

    private static string Part(CapacityResource resource, ResourceFacts found, string one, string? many = null) => found.Limit == 0
        ? $"all {one}s"
        : $"{Amount(resource, found.Used)} of {Quantity.Of(InUnits(resource, found.Limit), one, many)}";

    /// <summary>Of many identities that hold one each, none is to blame.</summary>
    private static string Holder(CapacityResource resource, ResourceFacts found) =>
        found.Holder is null ? ""
        : resource is CapacityResource.Memory ? $"; '{found.Holder}' holds most: {Amount(resource, found.Held)} MiB"
        : resource is CapacityResource.Descriptors ? $"; '{found.Holder}' has most connections: {Amount(resource, found.Held)}"
        : found is { Held: 1, Used: > 1 } ? "; no identity holds more than one"
        : $"; '{found.Holder}' holds most: {Amount(resource, found.Held)}";

    private static string Amount(CapacityResource resource, long amount) =>
        InUnits(resource, amount).ToString("N0", CultureInfo.InvariantCulture);

    private static long InUnits(CapacityResource resource, long amount) =>
        resource is CapacityResource.Memory ? (long)Math.Round(amount / Mebibyte) : amount;
}
