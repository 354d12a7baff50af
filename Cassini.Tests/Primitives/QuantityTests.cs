using Cassini.Streams.Primitives;

namespace Cassini.Tests.Primitives;

public class QuantityTests
{
    [Theory]
    [InlineData(0, "crash", "crashes", "0 crashes")]
    [InlineData(1, "crash", "crashes", "1 crash")]
    [InlineData(2, "crash", "crashes", "2 crashes")]
    [InlineData(1, "broker", null, "1 broker")]
    [InlineData(1_000_000, "broker", null, "1,000,000 brokers")]
    [InlineData(1, "byte follows", "bytes follow", "1 byte follows")]
    public void Quantity_Of_TakesTheFormThatBelongsToTheNumber(long count, string one, string? many, string expected) =>
        Quantity.Of(count, one, many).ShouldBe(expected);
}
