using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Tests.Hosting;

/// <summary>No two endpoints of a broker claim the same port of the same address, however the addresses are written.</summary>
public class ListenAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:8883", "0.0.0.0:8883")]
    [InlineData("0.0.0.0:8883", "127.0.0.1:8883")]
    [InlineData("[::]:8883", "[::1]:8883")]
    [InlineData("0.0.0.0:8883", "[::]:8883")] // [::] takes IPv4 too.
    [InlineData("[::]:8883", "127.0.0.1:8883")]
    [InlineData("[::ffff:10.0.0.1]:8883", "10.0.0.1:8883")]
    [InlineData("127.0.0.1:8883", "127.0.0.1:8883")]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")] // Alike: the text is the endpoint's identity in every event.
    public void Validate_EndpointsThatOverlap_AreRefused(string one, string other) =>
        Errors(one, other).ShouldHaveSingleItem().ShouldStartWith($"Listener:Endpoints: {other} is not allowed; ");

    [Theory]
    [InlineData("127.0.0.1:8883", "[::1]:8883")]
    [InlineData("0.0.0.0:0", "127.0.0.1:0")]
    public void Validate_EndpointsThatDoNotOverlap_AreAllowed(string one, string other) => Errors(one, other).ShouldBeEmpty();

    [Fact]
    public void Validate_AllAddressesOfBothFamiliesTwice_SaysWhatTheWiderOneHas() =>
        Errors("0.0.0.0:8883", "[::]:8883").ShouldHaveSingleItem().ShouldEndWith(
            "Listener:Endpoints listens there already, on 0.0.0.0:8883: [::] has the IPv4 addresses too");

    private static List<string> Errors(params string[] endpoints)
    {
        var options = new CassiniOptions { Listener = new ListenerOptions { Endpoints = [.. endpoints.Select(Parse)] } };
        return [.. CassiniOptionsValidator.Validate(options).Select(error => $"{error}")];
    }

    private static EndpointAddress Parse(string text) =>
        EndpointAddress.TryParse(text, out var address, out var error) ? address : throw new ArgumentException(error);
}
