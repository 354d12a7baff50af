using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Harness.Verdicts;

namespace Cassini.Harness.Reports;

/// <summary>The report as JSON.</summary>
internal static class RunReportJson
{
    private static readonly JsonTypeInfo<RunReport> Shape = (JsonTypeInfo<RunReport>)new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = RunReportJsonContext.Default,
        Converters =
        {
            new JsonStringEnumConverter<TestState>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<Verdict>(JsonNamingPolicy.CamelCase),
        },
    }.GetTypeInfo(typeof(RunReport));

    public static string Text(RunReport report) => JsonSerializer.Serialize(report, Shape);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(RunReport))]
internal sealed partial class RunReportJsonContext : JsonSerializerContext;
