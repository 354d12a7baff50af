using Cassini.Management.Http;

namespace Cassini.Tests.Management;

public class AcceptHeaderTests
{
    [Theory]
    [InlineData(null, 0)]
    [InlineData("", 0)]
    [InlineData("*/*", 0)]
    [InlineData("application/json", 0)]
    [InlineData("application/health+json", 1)]
    [InlineData("APPLICATION/HEALTH+JSON", 1)]
    [InlineData("application/health+json; charset=utf-8", 1)]
    [InlineData("text/plain", 2)]
    [InlineData("text/*", 2)]
    [InlineData("application/*", 0)]
    [InlineData("application/json;q=0.5, application/health+json", 1)]
    [InlineData("application/json;q=0.5, application/health+json;q=0.4", 0)]
    [InlineData("application/health+json;q=0.1, */*;q=0.8", 0)]
    [InlineData("application/json;q=0, */*", 1)]
    [InlineData("application/*;q=0.9, application/json;q=0.1", 1)]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 0)]
    [InlineData("image/png", 0)]
    [InlineData("application/health+json;q=0", 0)]
    [InlineData("banana", 0)]
    [InlineData(";;;,,,", 0)]
    [InlineData("text/plain;q=banana", 2)]
    public void Choose_Header_TakesTheBestThatIsOffered(string? accept, int expected) =>
        AcceptHeader.Choose(accept, "application/json", "application/health+json", "text/plain").ShouldBe(expected);

    [Fact]
    public void Choose_SeveralHeaders_AreOneList() =>
        AcceptHeader.Choose(new[] { "application/json;q=0.1", "text/plain" }, "application/json", "text/plain").ShouldBe(1);
}
