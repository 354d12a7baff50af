using Cassini.Management.Http;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Cli;

/// <summary>
/// The broker, its management and the gRPC health protocol never claim the same port of the same address, however the addresses are
/// written.
/// </summary>
public class ListenAddressesTests
{
    [Theory]
    [InlineData("0.0.0.0:9090", "127.0.0.1:9090")]
    [InlineData("127.0.0.1:9090", "0.0.0.0:9090")]
    [InlineData("127.0.0.1:9090", "127.0.0.1:9090")]
    [InlineData("127.0.0.1:9090", "localhost:9090")]
    [InlineData("127.0.0.1:9090", "[::ffff:127.0.0.1]:9090")]
    [InlineData("[::]:9090", "[::1]:9090")]
    [InlineData("127.0.0.1:9090", "[::]:9090")] // [::] takes IPv4 too.
    [InlineData("[::]:9090", "127.0.0.1:9090")]
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
    [InlineData("0.0.0.0:0", "127.0.0.1:0")]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")]
    public void Validate_ManagementOnAnotherAddressOrPort_IsAllowed(string broker, string management) =>
        Errors([broker], management).ShouldBeEmpty();

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

    private static List<string> Errors(string[] endpoints, string management, string? grpc = null)
    {
        var broker = new CassiniOptions { Listener = new ListenerOptions { Endpoints = [.. endpoints.Select(Parse)] } };
        var process = new ProcessOptions { Management = new ManagementOptions { Address = management, GrpcAddress = grpc } };
        return [.. SettingsCatalog.Validate(broker, process).Select(error => $"{error}")];
    }

    private static EndpointAddress Parse(string text) =>
        EndpointAddress.TryParse(text, out var address, out var error) ? address : throw new ArgumentException(error);
}
