using Cassini.Streams.Hosting;

namespace Cassini.Tests.Hosting;

public class TelemetryOptionsTests
{
    [Theory]
    [InlineData(-0.01)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void Validate_TraceRatioOutOfRange_IsNamed(double ratio) => Errors(new TelemetryOptions { TraceRatio = ratio })
        .ShouldHaveSingleItem().ShouldBe($"Telemetry:TraceRatio: {FormattableString.Invariant($"{ratio}")} is not allowed; allowed: 0 to 1");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Validate_TraceRatioAtItsBounds_IsWell(double ratio) => Errors(new TelemetryOptions { TraceRatio = ratio }).ShouldBeEmpty();

    [Theory]
    [InlineData("collector:4317")]
    [InlineData("/v1/traces")]
    [InlineData("unix:/run/otel.sock")]
    public void Validate_EndpointThatIsNoUrl_IsNamed(string endpoint) => Errors(new TelemetryOptions { OtlpEndpoint = endpoint })
        .ShouldHaveSingleItem().ShouldStartWith("Telemetry:OtlpEndpoint: ");

    [Fact]
    public void Validate_EndpointWithAPassword_IsRefusedWithoutRepeatingIt() =>
        Errors(new TelemetryOptions { OtlpEndpoint = "https://me:hunter2@collector:4317" }).ShouldHaveSingleItem().ShouldNotContain("hunter2");

    [Fact]
    public void Validate_NoServiceName_IsNamed() => Errors(new TelemetryOptions { ServiceName = " " })
        .ShouldHaveSingleItem().ShouldStartWith("Telemetry:ServiceName: ");

    private static List<string> Errors(TelemetryOptions telemetry) =>
        [.. CassiniOptionsValidator.Validate(new CassiniOptions { Telemetry = telemetry }).Select(error => error.ToString())];
}
