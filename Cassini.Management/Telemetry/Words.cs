using System.Text.Json;

namespace Cassini.Management.Telemetry;

/// <summary>The closed sets of words that labels take: an enumeration's names as JSON writes them.</summary>
internal static class Words
{
    public static string[] Of<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName($"{value}");
}
