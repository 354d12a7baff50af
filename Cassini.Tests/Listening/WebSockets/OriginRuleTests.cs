using Cassini.Streams.Listening.WebSockets;

namespace Cassini.Tests.Listening.WebSockets;

public class OriginRuleTests
{
    [Theory]
    [InlineData(null, "broker.example:8884", true)]
    [InlineData("https://broker.example", "broker.example:8884", true)]
    [InlineData("https://Broker.Example:9090", "broker.example", true)]
    [InlineData("https://[::1]:9090", "[::1]:8884", true)]
    [InlineData("http://broker.example", "broker.example:8884", false)]
    [InlineData("https://evil.example", "broker.example:8884", false)]
    [InlineData("https://broker.example.evil.example", "broker.example:8884", false)]
    [InlineData("null", "broker.example:8884", false)]
    [InlineData("", "broker.example:8884", false)]
    [InlineData("https://broker.example, https://evil.example", "broker.example:8884", false)]
    [InlineData("https://broker.example/", "broker.example:8884", false)]
    [InlineData("https://broker.example:99999", "broker.example:8884", false)]
    [InlineData("https://user@broker.example", "broker.example:8884", false)]
    public void Origin_WithoutASetting_IsOfTheSameHostOrRefused(string? origin, string host, bool allowed) =>
        new OriginRule([]).Allows(origin, host).ShouldBe(allowed);

    [Theory]
    [InlineData(null, true)]
    [InlineData("https://app.example", true)]
    [InlineData("https://APP.example:443", true)]
    [InlineData("capacitor://localhost", true)]
    [InlineData("http://app.example", false)]
    [InlineData("https://app.example:8443", false)]
    [InlineData("https://broker.example", false)]
    public void Origin_WithASetting_IsOneOfThose(string? origin, bool allowed) =>
        new OriginRule(["https://app.example:443", "capacitor://localhost"]).Allows(origin, "broker.example:8884").ShouldBe(allowed);
}
