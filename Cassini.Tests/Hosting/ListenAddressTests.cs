using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Tests.Hosting;

/// <summary>No two listeners of one process want the same port of the same address, however the addresses are written.</summary>
public class ListenAddressTests
{
    [Theory]
    [InlineData("0.0.0.0:9090", "127.0.0.1:9090")]
    [InlineData("127.0.0.1:9090", "0.0.0.0:9090")]
    [InlineData("127.0.0.1:9090", "127.0.0.1:9090")]
    [InlineData("127.0.0.1:9090", "localhost:9090")]
    [InlineData("127.0.0.1:9090", "[::ffff:127.0.0.1]:9090")]
    [InlineData("[::]:9090", "[::1]:9090")]
    [InlineData("127.0.0.1:9090", "[::]:9090")] // Kestrel's [::] takes IPv4 too.
    [InlineData("0.0.0.0:9090", "[::]:9090")]
    public void Validate_ManagementOnAnAddressOfTheBroker_IsRefused(string broker, string management)
    {
        var error = Errors([broker], management).ShouldHaveSingleItem();

        error.ShouldStartWith("Management:Address: ");
        error.ShouldContain($"Listener:Endpoints listens there already, on {broker}");
    }

    [Theory]
    [InlineData("127.0.0.1:9091", "127.0.0.1:9090")]
    [InlineData("127.0.0.2:9090", "127.0.0.1:9090")]
    [InlineData("127.0.0.1:9090", "[::1]:9090")]
    [InlineData("[::]:9090", "127.0.0.1:9090")] // The broker's [::] leaves IPv4 alone.
    [InlineData("0.0.0.0:0", "127.0.0.1:0")]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")]
    public void Validate_ManagementOnAnotherAddressOrPort_IsAllowed(string broker, string management) => Errors([broker], management).ShouldBeEmpty();

    [Theory]
    [InlineData("0.0.0.0:9091", "127.0.0.1:9090", "127.0.0.1:9091", "Listener:Endpoints")]
    [InlineData("127.0.0.1:8883", "0.0.0.0:9091", "127.0.0.1:9091", "Management:Address")]
    [InlineData("127.0.0.1:8883", "[::]:9091", "127.0.0.1:9091", "Management:Address")]
    [InlineData("127.0.0.1:9091", "127.0.0.1:9090", "[::]:9091", "Listener:Endpoints")]
    [InlineData("127.0.0.1:8883", "localhost:9091", "127.0.0.1:9091", "Management:Address")]
    public void Validate_GrpcOnAnAddressOfAnotherListener_IsRefused(string broker, string management, string grpc, string whose)
    {
        var error = Errors([broker], management, grpc).ShouldHaveSingleItem();

        error.ShouldStartWith("Management:GrpcAddress: ");
        error.ShouldContain($"{whose} listens there already");
    }

    [Theory]
    [InlineData("127.0.0.1:8883", "0.0.0.0:8883")]
    [InlineData("0.0.0.0:8883", "127.0.0.1:8883")]
    [InlineData("[::]:8883", "[::1]:8883")]
    [InlineData("127.0.0.1:8883", "127.0.0.1:8883")]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")] // Alike: the text is the endpoint's identity in every event.
    public void Validate_EndpointsThatOverlap_AreRefused(string one, string other) =>
        Errors([one, other], "127.0.0.1:9090").ShouldHaveSingleItem().ShouldStartWith($"Listener:Endpoints: {other} is not allowed; ");

    [Theory]
    [InlineData("0.0.0.0:8883", "[::]:8883")]
    [InlineData("127.0.0.1:8883", "[::1]:8883")]
    [InlineData("0.0.0.0:0", "127.0.0.1:0")]
    public void Validate_EndpointsThatDoNotOverlap_AreAllowed(string one, string other) => Errors([one, other], "127.0.0.1:9090").ShouldBeEmpty();

    [Theory]
    [InlineData("[::ffff:127.0.0.1]:8883", "127.0.0.1")]
    [InlineData("[::ffff:0.0.0.0]:0", "0.0.0.0")]
    public void Validate_EndpointIsAnIPv4AddressWithinIPv6_IsRefused(string endpoint, string plain) =>
        Errors([endpoint], "127.0.0.1:9090").ShouldHaveSingleItem().ShouldEndWith($"it can never be bound: write the IPv4 address {plain}");

    private static List<string> Errors(string[] endpoints, string management, string? grpc = null)
    {
        var options = new CassiniOptions
        {
            Listener = new ListenerOptions { Endpoints = [.. endpoints.Select(Parse)] },
            Management = new ManagementOptions { Address = management, GrpcAddress = grpc },
        };
        return [.. CassiniOptionsValidator.Validate(options).Select(error => $"{error}")];
    }

    private static EndpointAddress Parse(string text) =>
        EndpointAddress.TryParse(text, out var address, out var error) ? address : throw new ArgumentException(error);
}
