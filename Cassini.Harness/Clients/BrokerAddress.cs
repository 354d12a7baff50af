using System.Net;

namespace Cassini.Harness.Clients;

/// <summary>The address where a broker serves MQTT.</summary>
/// <param name="Name">The broker's name in its plan; null without a plan.</param>
/// <param name="Host">A host name or an IP address.</param>
/// <param name="Port">The port.</param>
/// <param name="ServerName">The name that its certificate must have.</param>
internal sealed record BrokerAddress(string? Name, string Host, int Port, string ServerName)
{
    public EndPoint ToEndPoint() => IPAddress.TryParse(Host, out var address) ? new IPEndPoint(address, Port) : new DnsEndPoint(Host, Port);

    /// <summary>For people: <c>host:port</c>, or <c>broker NAME at host:port</c>.</summary>
    public override string ToString()
    {
        var address = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
        return Name is null ? address : $"broker {Name} at {address}";
    }
}
