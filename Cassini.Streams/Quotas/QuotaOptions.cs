using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Quotas;

/// <summary>
/// How much one identity may have of what all clients share, so that none takes it from the others. An identity whose share is less than
/// the whole may also not take more than is left: of several that want all, each gets less, and some is left for those that have little.
/// </summary>
public sealed record QuotaOptions : IOptionsRecord
{
    /// <summary>Of <c>Listener:MaxConnections</c>. Further clients are refused after their handshake.</summary>
    [Form("number, or percentage")]
    public Share Connections { get; init; } = Share.Percent(25);

    /// <summary>
    /// Of <c>Broker:MaxSessions</c>, open or kept. Further clients are refused with 0x97 (MQTT 3.1.1: 3).
    /// </summary>
    [Form("number, or percentage")]
    public Share Sessions { get; init; } = Share.Percent(10);

    /// <summary>
    /// Of <c>Broker:MemoryLimit</c>: what its clients cause to be kept in memory. Beyond it their messages wait and are then refused with
    /// 0x97 (MQTT 3.1.1: the connection ends), and what would be queued for them is dropped.
    /// </summary>
    [Form("bytes, or percentage")]
    public Share Memory { get; init; } = Share.Percent(25);

    /// <summary>
    /// Of <c>Broker:MaxRetained</c>: topics that its clients have retained a message of. Further messages are delivered and not retained.
    /// </summary>
    [Form("number, or percentage")]
    public Share Retained { get; init; } = Share.Percent(25);

    /// <summary>
    /// Of <c>Broker:MaxSharedSubscriptions</c>: those that its clients were the first to subscribe to. Each takes a copy of every message
    /// that matches. Further ones are refused with 0x97 (MQTT 3.1.1: 0x80).
    /// </summary>
    [Form("number, or percentage")]
    public Share SharedSubscriptions { get; init; } = Share.Percent(10);

    /// <summary>
    /// Of <c>Broker:MaxTopics</c>: topics that its clients published to first. Messages to further ones are delivered, but these are not
    /// listed.
    /// </summary>
    [Form("number, or percentage")]
    public Share Topics { get; init; } = Share.Percent(25);

    /// <summary>
    /// Of <c>Store:MaxBytes</c>: messages that wait in the journal alone for its clients. Further ones are dropped.
    /// </summary>
    [Form("bytes, or percentage")]
    public Share Disk { get; init; } = Share.Percent(25);

    /// <summary>Other shares for some identities: the first one that matches is the one that counts.</summary>
    [Form("quotas")]
    public ImmutableArray<IdentityQuota> Identities { get; init; } = [];

    /// <summary>Each identity may have all.</summary>
    internal static QuotaOptions Whole { get; } = new()
    {
        Connections = Share.Percent(100),
        Sessions = Share.Percent(100),
        Memory = Share.Percent(100),
        Retained = Share.Percent(100),
        SharedSubscriptions = Share.Percent(100),
        Topics = Share.Percent(100),
        Disk = Share.Percent(100),
    };

    /// <summary>The share of a resource for those identities that have no other.</summary>
    internal Share Of(CapacityResource resource) => resource switch
    {
        CapacityResource.Connections => Connections,
        CapacityResource.Sessions => Sessions,
        CapacityResource.Memory => Memory,
        CapacityResource.Retained => Retained,
        CapacityResource.SharedSubscriptions => SharedSubscriptions,
        CapacityResource.Topics => Topics,
        CapacityResource.Disk => Disk,
        _ => throw new ArgumentOutOfRangeException(nameof(resource)),
    };
}
