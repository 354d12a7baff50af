using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Management.Http;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;

namespace Cassini.Management.Tables;

/// <summary>The JSON of the tables.</summary>
internal static class TableJson
{
    public static JsonTypeInfo<ConnectionRow> Connection { get; } = ManagementJson.Of<ConnectionRow>(TableJsonContext.Default);

    public static JsonTypeInfo<IReadOnlyList<ConnectionRow>> Connections { get; } =
        ManagementJson.Of<IReadOnlyList<ConnectionRow>>(TableJsonContext.Default);

    public static JsonTypeInfo<IReadOnlyList<CertificateHealth>> Certificates { get; } =
        ManagementJson.Of<IReadOnlyList<CertificateHealth>>(TableJsonContext.Default);

    public static JsonTypeInfo<IReadOnlyList<RefusedPeer>> Handshakes { get; } =
        ManagementJson.Of<IReadOnlyList<RefusedPeer>>(TableJsonContext.Default);

    public static JsonTypeInfo<SessionsAnswer> Sessions { get; } = ManagementJson.Of<SessionsAnswer>(TableJsonContext.Default);

    public static JsonTypeInfo<ClientAnswer> Client { get; } = ManagementJson.Of<ClientAnswer>(TableJsonContext.Default);

    public static JsonTypeInfo<IdentitiesAnswer> Identities { get; } = ManagementJson.Of<IdentitiesAnswer>(TableJsonContext.Default);

    public static JsonTypeInfo<ConfigAnswer> Config { get; } = ManagementJson.Of<ConfigAnswer>(TableJsonContext.Default);

    public static JsonTypeInfo<TopicsAnswer> Topics { get; } = ManagementJson.Of<TopicsAnswer>(TableJsonContext.Default);

    public static JsonTypeInfo<TopicTreeAnswer> TopicTree { get; } = ManagementJson.Of<TopicTreeAnswer>(TableJsonContext.Default);

    public static JsonTypeInfo<SubscriptionsAnswer> Subscriptions { get; } =
        ManagementJson.Of<SubscriptionsAnswer>(TableJsonContext.Default);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<ConnectionRow>))]
[JsonSerializable(typeof(IReadOnlyList<CertificateHealth>))]
[JsonSerializable(typeof(IReadOnlyList<RefusedPeer>))]
[JsonSerializable(typeof(SessionsAnswer))]
[JsonSerializable(typeof(ClientAnswer))]
[JsonSerializable(typeof(IdentitiesAnswer))]
[JsonSerializable(typeof(ConfigAnswer))]
[JsonSerializable(typeof(TopicsAnswer))]
[JsonSerializable(typeof(TopicTreeAnswer))]
[JsonSerializable(typeof(SubscriptionsAnswer))]
internal sealed partial class TableJsonContext : JsonSerializerContext;
