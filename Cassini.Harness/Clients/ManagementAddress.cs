namespace Cassini.Harness.Clients;

/// <summary>The address of a broker's management port.</summary>
/// <param name="Name">The address as it was given; every line about this broker begins with it.</param>
/// <param name="Management">The base of its management URLs, ending in a slash.</param>
internal sealed record ManagementAddress(string Name, Uri Management)
{
    private static readonly string[] Probes = ["readyz", "livez", "healthz"];

    /// <summary>Reads <c>http://host:port</c>. The URL of a probe stands for the port that serves the probe.</summary>
    public static bool TryParse(string text, out ManagementAddress? address, out string? error)
    {
        address = null;
        error = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
        {
            error = $"'{text}' is not the URL of a management port: expected http://HOST:PORT";
            return false;
        }

        if (url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            error = $"'{text}' must not have a query or a fragment: expected http://HOST:PORT";
            return false;
        }

        var segments = url.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries).ToList();
        if (segments.Count > 0 && Probes.Contains(segments[^1]))
        {
            segments.RemoveAt(segments.Count - 1);
        }

        var path = string.Concat(segments.Select(segment => segment + "/"));
        address = new ManagementAddress(text, new Uri($"{url.GetLeftPart(UriPartial.Authority)}/{path}"));
        return true;
    }
}
