using System.Net;
using System.Net.Sockets;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Listening.Endpoints;

/// <summary>An address that this process is to listen on, by its settings. Immutable.</summary>
/// <param name="Key">The setting that says so.</param>
/// <param name="Address">The address.</param>
internal sealed record PortUse(string Key, EndpointAddress Address)
{
    /// <summary>
    /// One error for this address if another one has it already. Port 0, which the operating system replaces, collides with nothing.
    /// </summary>
    /// <param name="others">What else the process listens on.</param>
    public IEnumerable<SettingError> Collisions(IEnumerable<PortUse> others) => others
        .Where(other => Address.Port != 0 && Address.Port == other.Address.Port && (Covers(other) || other.Covers(this)))
        .Take(1)
        .Select(other => SettingError.NotAllowed(
            Key, $"{Address}", $"{other.Key} listens there already, on {other.Address}{WhyBothFamilies(other)}"));

    private bool Covers(PortUse other) =>
        Address.Address.Equals(other.Address.Address)
        || Address.Address.Equals(IPAddress.IPv6Any)
        || (Address.Address.Equals(IPAddress.Any) && other.Address.Address.AddressFamily == AddressFamily.InterNetwork);

    private string WhyBothFamilies(PortUse other) =>
        Address.Address.AddressFamily != other.Address.Address.AddressFamily ? ": [::] has the IPv4 addresses too" : "";
}
