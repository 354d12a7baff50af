using System.Collections.Immutable;
using System.Text.Json;
using Cassini.Streams.Events;

namespace Cassini.Streams.Quotas;

/// <summary>What identities share, by the names that settings use.</summary>
internal static class QuotaResources
{
    /// <summary>All, in the order of their values: 0, 1, 2 ….</summary>
    public static ImmutableArray<CapacityResource> All { get; } =
    [
        CapacityResource.Connections,
        CapacityResource.Sessions,
        CapacityResource.Memory,
        CapacityResource.Retained,
        CapacityResource.SharedSubscriptions,
        CapacityResource.Topics,
        CapacityResource.Disk,
    ];

    public static ImmutableArray<string> Names { get; } = [.. All.Select(NameOf)];

    public static string NameOf(CapacityResource resource) => JsonNamingPolicy.CamelCase.ConvertName($"{resource}");
}
