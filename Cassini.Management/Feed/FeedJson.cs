using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Management.Http;

namespace Cassini.Management.Feed;

/// <summary>The JSON of the feed's messages that are neither events nor snapshots.</summary>
internal static class FeedJson
{
    public static JsonTypeInfo<ResetAnswer> Reset { get; } = ManagementJson.Of<ResetAnswer>(FeedJsonContext.Default);

    public static JsonTypeInfo<RunAnswer> Run { get; } = ManagementJson.Of<RunAnswer>(FeedJsonContext.Default);

    public static JsonTypeInfo<IReadOnlyList<RunAnswer>> Runs { get; } =
        ManagementJson.Of<IReadOnlyList<RunAnswer>>(FeedJsonContext.Default);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ResetAnswer))]
[JsonSerializable(typeof(RunAnswer))]
[JsonSerializable(typeof(IReadOnlyList<RunAnswer>))]
internal sealed partial class FeedJsonContext : JsonSerializerContext;
