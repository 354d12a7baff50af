using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Tls.Development;

/// <summary>The names and addresses in a server's certificate (RFC 5280, 4.2.1.6).</summary>
internal static class ServerNames
{
    private const int LongestName = 253;
    private const int LongestLabel = 63;

    private static readonly string[] Local = ["localhost", $"{IPAddress.Loopback}", $"{IPAddress.IPv6Loopback}"];

    /// <summary>The local names, and others.</summary>
    /// <exception cref="ArgumentException">One is no name that a certificate can have.</exception>
    public static string[] With(IEnumerable<string> hosts) =>
        [.. Local.Concat(hosts.Select(Normal)).Distinct(StringComparer.OrdinalIgnoreCase)];

    /// <summary>Those of a certificate.</summary>
    public static string[] Of(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is { } names
            ? [.. names.EnumerateDnsNames(), .. names.EnumerateIPAddresses().Select(address => $"{address}")]
            : [];

    public static X509Extension ToExtension(IEnumerable<string> names)
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                builder.AddIpAddress(address);
            }
            else
            {
                builder.AddDnsName(name);
            }
        }

        return builder.Build();
    }

    private static string Normal(string host)
    {
        if (IPAddress.TryParse(host, out var address) && (address.AddressFamily == AddressFamily.InterNetworkV6 || $"{address}" == host))
        {
            return address is { AddressFamily: AddressFamily.InterNetworkV6, ScopeId: not 0 }
                ? throw Refused(host, "an address in a certificate has no zone")
                : $"{address}";
        }

        // Of an international name a certificate has the form of the DNS.
        var name = ToDns(host);
        var labels = name.Split('.');
        return name.Length > LongestName ? throw Refused(host, $"a name has at most {LongestName} characters")
            : labels.FirstOrDefault(label => label.Length > LongestLabel) is not null
                ? throw Refused(host, $"a part between two dots has at most {LongestLabel} characters")
            : labels[0] == "*" && labels.Length < 3 ? throw Refused(host, "* stands for one label, before at least two others")
            : !labels.Skip(labels[0] == "*" ? 1 : 0).All(IsLabel)
                ? throw Refused(host, "a name is of labels with letters, digits and hyphens between dots, without a port")
            : labels[^1].All(char.IsAsciiDigit) ? throw Refused(host, "it is neither a name nor an IP address")
            : name;
    }

    private static string ToDns(string host)
    {
        if (host.All(char.IsAscii))
        {
            return host;
        }

        try
        {
            // The library does not check them where the process has no culture data.
            return host.All(c => char.IsAscii(c) || char.IsLetterOrDigit(c) || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark)
                ? new IdnMapping().GetAscii(host.ToLowerInvariant())
                : throw NotInternational(host);
        }
        catch (ArgumentException)
        {
            throw NotInternational(host);
        }
    }

    private static ArgumentException NotInternational(string host) => Refused(host, "it is not an international domain name");

    private static bool IsLabel(string label) =>
        label.Length > 0 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static ArgumentException Refused(string host, string why) =>
        new($"{SafeText.Quote(host)} is not a host name that a certificate can have: {why}");
}
