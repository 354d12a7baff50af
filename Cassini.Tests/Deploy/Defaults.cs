using Cassini.Management.Http;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Tests.Deploy;

/// <summary>The defaults that the values in deploy/ are derived from.</summary>
internal static class Defaults
{
    public static readonly CassiniOptions Options = new();

    public static int MqttPort => Options.Listener.Endpoints.Single().Port;

    public static int ManagementPort => EndpointAddress.TryParse(new ManagementOptions().Address, out var address, out var error)
        ? address.Port
        : throw new FormatException(error);

    /// <summary>A stop must get its time, and a process that hangs must not keep it for much longer.</summary>
    public static void ShouldFitAStop(this TimeSpan granted, TimeSpan before)
    {
        granted.ShouldBeGreaterThanOrEqualTo(before + Options.LongestStop + TimeSpan.FromSeconds(5));
        granted.ShouldBeLessThanOrEqualTo(before + Options.LongestStop + TimeSpan.FromSeconds(15));
    }

    /// <summary>So many open files that no limit of connections is made smaller.</summary>
    public static void ShouldBeEnoughDescriptors(this long limit) =>
        DescriptorBudget.Fit(Options.Listener, limit).ShouldBe(Options.Listener);
}
