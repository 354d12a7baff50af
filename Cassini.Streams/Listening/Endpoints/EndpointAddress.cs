using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Listening.Endpoints;

/// <summary>
/// The address of an endpoint. Its text, <c>127.0.0.1:8883</c> or <c>[::1]:8883</c>, is the endpoint's identity in every event.
/// Immutable.
/// </summary>
[SettingText<EndpointAddress>]
public sealed record EndpointAddress : ISettingText<EndpointAddress>
{
    private readonly string _text;

    /// <summary>An endpoint at a numeric address.</summary>
    /// <param name="address">
    /// IPv4 or IPv6. <c>0.0.0.0</c> stands for all IPv4 addresses of the machine, <c>::</c> for all its addresses of both families. An IPv4
    /// address within IPv6, such as <c>::ffff:127.0.0.1</c>, is the IPv4 address.
    /// </param>
    /// <param name="port">0 … 65535; 0 lets the operating system choose one.</param>
    public EndpointAddress(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentOutOfRangeException.ThrowIfNegative(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, IPEndPoint.MaxPort);
        Address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        Port = port;
        _text = new IPEndPoint(Address, port).ToString();
    }

    /// <summary>The address to bind.</summary>
    public IPAddress Address { get; }

    /// <summary>The port to bind; 0 lets the operating system choose one.</summary>
    public int Port { get; }

    /// <summary>Whether it stands for all addresses of the machine, or for all in its family.</summary>
    internal bool IsWildcard => Address.Equals(IPAddress.Any) || Address.Equals(IPAddress.IPv6Any);

    /// <summary>
    /// Reads <c>host:port</c>. The host is an IPv4 address, an IPv6 address in brackets, <c>localhost</c> (127.0.0.1) or
    /// <c>*</c> (0.0.0.0). Names are not resolved: what an endpoint binds must not hang on a name server.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="address">The address; null when the text is wrong.</param>
    /// <param name="error">What is wrong with the text; null when it is right.</param>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out EndpointAddress? address,
        [NotNullWhen(false)] out string? error)
    {
        address = null;
        text = text?.Trim() ?? "";
        var colon = text.LastIndexOf(':');
        if (colon < 0)
        {
            error = $"'{text}' is not an endpoint: expected host:port, for example 127.0.0.1:8883 or [::1]:8883";
            return false;
        }

        error = ParsePort(text.AsSpan(colon + 1), out var port) ?? ParseHost(text[..colon], out address, port);
        return error is null;
    }

    /// <inheritdoc/>
    public override string ToString() => _text;

    internal IPEndPoint ToIPEndPoint() => new(Address, Port);

    private static string? ParsePort(ReadOnlySpan<char> text, out int port)
    {
        var valid = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= IPEndPoint.MaxPort;
        return valid ? null : $"port '{text}' is not a number within 0 to {IPEndPoint.MaxPort}";
    }

    private static string? ParseHost(string host, out EndpointAddress? address, int port)
    {
        address = null;
        IPAddress? ip;
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            if (!IPAddress.TryParse(host[1..^1], out ip) || ip.AddressFamily != AddressFamily.InterNetworkV6)
            {
                return $"'{host}' is not an IPv6 address in brackets";
            }
        }
        else if (host.Contains(':'))
        {
            return $"an IPv6 address needs brackets: [{host}]:{port}";
        }
        else if (string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            ip = IPAddress.Loopback;
        }
        else if (host == "*")
        {
            ip = IPAddress.Any;
        }
        else if (!IPAddress.TryParse(host, out ip) || ip.ToString() != host)
        {
            // The second half refuses 127.1, 010.0.0.1 and 2130706433, which the parser takes and few people mean.
            return $"host '{host}' is neither an IPv4 address, an IPv6 address in brackets, localhost nor *";
        }

        address = new EndpointAddress(ip, port);
        return null;
    }
}
