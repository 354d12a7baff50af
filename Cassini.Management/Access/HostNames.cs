using System.Net;

namespace Cassini.Management.Access;

/// <summary>
/// Whether the Host of a request names this broker. A foreign name that resolves to us (DNS rebinding) turns the browser of anyone who
/// visits that page into a caller on this machine.
/// </summary>
internal sealed class HostNames(IReadOnlyCollection<string> allowed, bool anyUnlessNamed)
{
    // Nearly every request names the same host: it is looked up once.
    private volatile string? _known;

    public bool MeanUs(HostString host)
    {
        if (host.Value == _known && _known is not null)
        {
            return true;
        }

        var means = (anyUnlessNamed && allowed.Count == 0) || IsThisMachine(host.Host)
            || allowed.Contains(host.Host, StringComparer.OrdinalIgnoreCase);
        if (means)
        {
            _known = host.Value;
        }

        return means;
    }

    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
