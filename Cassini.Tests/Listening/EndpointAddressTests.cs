using System.Net;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Tests.Listening;

public class EndpointAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:8883", "127.0.0.1:8883")]
    [InlineData("localhost:1", "127.0.0.1:1")]
    [InlineData(" LOCALHOST:65535 ", "127.0.0.1:65535")]
    [InlineData("*:8883", "0.0.0.0:8883")]
    [InlineData("0.0.0.0:0", "0.0.0.0:0")]
    [InlineData("[::1]:8883", "[::1]:8883")]
    [InlineData("[0:0:0:0:0:0:0:0]:8883", "[::]:8883")]
    [InlineData("[::ffff:127.0.0.1]:8883", "127.0.0.1:8883")]
    [InlineData("[::ffff:0.0.0.0]:8883", "0.0.0.0:8883")]
    public void TryParse_ValidText_GivesTheIdentity(string text, string expected)
    {
        EndpointAddress.TryParse(text, out var address, out var error).ShouldBeTrue(error);

        address.ToString().ShouldBe(expected);
        error.ShouldBeNull();
    }

    [Theory]
    [InlineData(null, "expected host:port")]
    [InlineData("", "expected host:port")]
    [InlineData("127.0.0.1", "expected host:port")]
    [InlineData("127.0.0.1:", "port '' is not a number")]
    [InlineData("127.0.0.1:65536", "port '65536' is not a number within 0 to 65535")]
    [InlineData("127.0.0.1:-1", "port '-1'")]
    [InlineData("127.0.0.1: 1", "port ' 1'")]
    [InlineData(":8883", "host ''")]
    [InlineData("::1:8883", "needs brackets: [::1]:8883")]
    [InlineData("[127.0.0.1]:8883", "is not an IPv6 address in brackets")]
    [InlineData("[]:8883", "is not an IPv6 address in brackets")]
    [InlineData("broker.example:8883", "host 'broker.example' is neither")]
    [InlineData("127.1:8883", "host '127.1' is neither")]
    [InlineData("010.0.0.1:8883", "host '010.0.0.1' is neither")]
    [InlineData("2130706433:8883", "host '2130706433' is neither")]
    public void TryParse_WrongText_SaysWhatIsWrong(string? text, string expected)
    {
        EndpointAddress.TryParse(text, out var address, out var error).ShouldBeFalse();

        address.ShouldBeNull();
        error.ShouldNotBeNull().ShouldContain(expected);
    }

    [Fact]
    public void Equality_SameAddressAndPort_IsTheSameEndpoint()
    {
        new EndpointAddress(IPAddress.Loopback, 1).ShouldBe(new EndpointAddress(IPAddress.Parse("127.0.0.1"), 1));
        new EndpointAddress(IPAddress.Loopback, 1).ShouldNotBe(new EndpointAddress(IPAddress.IPv6Loopback, 1));
    }
}
