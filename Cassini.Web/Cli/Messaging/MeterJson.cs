using System.Text.Json.Serialization;

namespace Cassini.Web.Cli.Messaging;

/// <summary>A line of <c>--rate --json</c>.</summary>
internal sealed record RateLine(double MessagesPerSecond, double BytesPerSecond);

/// <summary>The last line of <c>pub --json</c>.</summary>
internal sealed record PublishedLine(string Topic, long Messages, long Bytes, double Seconds);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RateLine))]
[JsonSerializable(typeof(PublishedLine))]
internal sealed partial class MeterJsonContext : JsonSerializerContext;
