using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Management.Feed;
using Cassini.Management.Probes;
using Cassini.Management.Tables;
using Cassini.Streams.Health;

namespace Cassini.Management.Http;

/// <summary>The JSON of the answers that are not the snapshot, by the snapshot's own conventions.</summary>
internal static class ManagementJson
{
    private static readonly JsonSerializerOptions Options = new(HealthJson.Options)
    {
        TypeInfoResolver = JsonTypeInfoResolver.Combine(ManagementJsonContext.Default, HealthJson.Options.TypeInfoResolver),
    };

    public static JsonTypeInfo<ProbeReport> ProbeReport { get; } = Of<ProbeReport>();

    public static JsonTypeInfo<CheckHealth> Check { get; } = Of<CheckHealth>();

    public static JsonTypeInfo<HealthFormat> HealthFormat { get; } = Of<HealthFormat>();

    public static JsonTypeInfo<ConnectionRow> Connection { get; } = Of<ConnectionRow>();

    public static JsonTypeInfo<IReadOnlyList<ConnectionRow>> Connections { get; } = Of<IReadOnlyList<ConnectionRow>>();

    public static JsonTypeInfo<IReadOnlyList<CertificateHealth>> Certificates { get; } = Of<IReadOnlyList<CertificateHealth>>();

    public static JsonTypeInfo<TopicsAnswer> Topics { get; } = Of<TopicsAnswer>();

    public static JsonTypeInfo<SubscriptionsAnswer> Subscriptions { get; } = Of<SubscriptionsAnswer>();

    public static JsonTypeInfo<AcceptedAnswer> Accepted { get; } = Of<AcceptedAnswer>();

    public static JsonTypeInfo<ResetAnswer> Reset { get; } = Of<ResetAnswer>();

    private static JsonTypeInfo<T> Of<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));
}

/// <summary>What was begun.</summary>
/// <param name="Accepted">The name of the fault, or <c>disconnect</c>, or <c>drain</c>.</param>
/// <param name="Id">The connection that it was asked for; null when none was named.</param>
/// <param name="Endpoint">The endpoint that it was asked for; null when none was named.</param>
internal sealed record AcceptedAnswer(string Accepted, long? Id, string? Endpoint);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProbeReport))]
[JsonSerializable(typeof(HealthFormat))]
[JsonSerializable(typeof(IReadOnlyList<ConnectionRow>))]
[JsonSerializable(typeof(IReadOnlyList<CertificateHealth>))]
[JsonSerializable(typeof(TopicsAnswer))]
[JsonSerializable(typeof(SubscriptionsAnswer))]
[JsonSerializable(typeof(AcceptedAnswer))]
[JsonSerializable(typeof(ResetAnswer))]
internal sealed partial class ManagementJsonContext : JsonSerializerContext;
