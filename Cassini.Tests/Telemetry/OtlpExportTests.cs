using Cassini.Management.Telemetry;
using OpenTelemetry;

namespace Cassini.Tests.Telemetry;

public class OtlpExportTests
{
    private static readonly OtlpExport Wrong = new(
        new TelemetryOptions { OtlpEndpoint = "http://127.0.0.1:1" },
        new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_HEADERS"] = "garbage,,=x" });

    [Fact]
    public void Traces_VariableThatCannotBeUsed_SaysThatItIsTelemetry() =>
        Should.Throw<ExportConfigurationException>(() => Wrong.StartTraces("Cassini")).Message.ShouldStartWith(
            "telemetry cannot be exported: ");

    [Fact]
    public void Metrics_VariableThatCannotBeUsed_SaysThatItIsTelemetry() =>
        Should.Throw<ExportConfigurationException>(() => Wrong.Build(Sdk.CreateMeterProviderBuilder())).Message
            .ShouldEndWith("; look at the OTEL_EXPORTER_OTLP_ variables");
}
