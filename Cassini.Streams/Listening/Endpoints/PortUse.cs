using System.Net;
using System.Net.Sockets;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Listening.Endpoints;

/// <summary>An address that this process is to listen on, by its settings. Immutable.</summary>
/// <param name="Key">The setting that says so.</param>
/// <param name="Address">The address.</param>
/// <param name="IsDualMode">Whether <c>[::]</c> takes IPv4 too, as Kestrel's does; the broker's own does not.</param>
internal sealed record PortUse(string Key, EndpointAddress Address, bool IsDualMode)
{
    /// <summary>
    /// One error for this address if another one has it already. Port 0, which the operating system replaces, collides with nothing.
    /// </summary>
    /// <param name="others">What else the process listens on.</param>
    public IEnumerable<SettingError> Collisions(IEnumerable<PortUse> others) => others
        .Where(other => Address.Port != 0 && Address.Port == other.Address.Port && (Covers(other) || other.Covers(this)))
        .Take(1)
        .Select(other => SettingError.NotAllowed(Key, $"{Address}", $"{other.Key} listens there already, on {other.Address}"));

    private bool Covers(PortUse other)
    {
        var mine = Plain(Address.Address);
        var theirs = Plain(other.Address.Address);
        return mine.Equals(theirs)
            || (mine.Equals(IPAddress.Any) && theirs.AddressFamily == AddressFamily.InterNetwork)
            || (mine.Equals(IPAddress.IPv6Any) && (IsDualMode || theirs.AddressFamily == AddressFamily.InterNetworkV6));
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
