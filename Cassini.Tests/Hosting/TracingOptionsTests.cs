using Cassini.Streams.Hosting;

namespace Cassini.Tests.Hosting;

public class TracingOptionsTests
{
    [Theory]
    [InlineData(-0.01)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void Validate_TraceRatioOutOfRange_IsNamed(double ratio) => Errors(ratio)
        .ShouldHaveSingleItem()
        .ShouldBe($"Telemetry:TraceRatio: {FormattableString.Invariant($"{ratio}")} is not allowed; allowed: 0 to 1");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Validate_TraceRatioAtItsBounds_IsAllowed(double ratio) => Errors(ratio).ShouldBeEmpty();

    private static List<string> Errors(double ratio) =>
        [.. CassiniOptionsValidator.Validate(new CassiniOptions { Telemetry = new TracingOptions { TraceRatio = ratio } })
            .Select(error => $"{error}")];
}
