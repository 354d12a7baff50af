using System.Text.Json;
using System.Text.RegularExpressions;

namespace Cassini.Tests.Deploy;

/// <summary>The Containerfile and the compose file, taken apart.</summary>
internal static partial class ContainerFiles
{
    /// <summary>The instructions, each on one line.</summary>
    public static IReadOnlyList<string> Instructions { get; } =
    [
        .. DeployFiles.Read("container", "Containerfile").Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#'),
    ];

    /// <summary>What is copied from the repository, and where to.</summary>
    public static IEnumerable<(string Source, string Target)> Copies =>
        Instructions.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal))
            .Select(line => line.Split(' ')[1..])
            .SelectMany(words => words.SkipLast(1).Select(source => (source, words[^1])));

    public static IReadOnlyDictionary<string, string> Variables { get; } = Instructions
        .Where(line => line.StartsWith("ENV ", StringComparison.Ordinal))
        .SelectMany(line => Variable().Matches(line))
        .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);

    /// <summary>The words of the HEALTHCHECK's command.</summary>
    public static IReadOnlyList<string> HealthCheck { get; } =
        Words(Instructions.Single(line => line.StartsWith("HEALTHCHECK ", StringComparison.Ordinal)).Split(" CMD ")[1]);

    public static Dictionary<string, object> Compose { get; } = DeployFiles.Yaml("compose.yaml");

    public static Dictionary<object, object> Cassini { get; } = DeployFiles.At<Dictionary<object, object>>(Compose, "services", "cassini");

    /// <summary>The words of the compose file's health check.</summary>
    public static IReadOnlyList<string> ComposeHealthCheck { get; } =
        [.. DeployFiles.At<List<object>>(Cassini, "healthcheck", "test").Cast<string>().Skip(1)];

    public static string Argument(string instruction) =>
        Instructions.Last(line => line.StartsWith(instruction + " ", StringComparison.Ordinal))[(instruction.Length + 1)..];

    public static string[] Words(string json) => JsonSerializer.Deserialize<string[]>(json)!;

    [GeneratedRegex(@"(\w+)=(\S+)")]
    private static partial Regex Variable();
}
