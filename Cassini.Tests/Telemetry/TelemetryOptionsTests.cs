using Cassini.Management.Telemetry;

namespace Cassini.Tests.Telemetry;

public class TelemetryOptionsTests
{
    [Theory]
    [InlineData("collector:4317")]
    [InlineData("/v1/traces")]
    [InlineData("unix:/run/otel.sock")]
    public void Validate_EndpointThatIsNoUrl_IsNamed(string endpoint) => Errors(new TelemetryOptions { OtlpEndpoint = endpoint })
        .ShouldHaveSingleItem().ShouldStartWith("Telemetry:OtlpEndpoint: ");

    [Fact]
    public void Validate_EndpointWithAPassword_IsRefusedWithoutRepeatingIt() =>
        Errors(new TelemetryOptions { OtlpEndpoint = "https://me:hunter2@collector:4317" }).ShouldHaveSingleItem()
            .ShouldNotContain("hunter2");

    [Fact]
    public void Validate_NoServiceName_IsNamed() => Errors(new TelemetryOptions { ServiceName = " " })
        .ShouldHaveSingleItem().ShouldStartWith("Telemetry:ServiceName: ");

    private static List<string> Errors(TelemetryOptions telemetry) =>
        [.. TelemetrySettings.Section.Validate(telemetry).Select(error => error.ToString())];
}
