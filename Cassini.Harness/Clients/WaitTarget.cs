namespace Cassini.Harness.Clients;

/// <summary>A Cassini to wait for.</summary>
/// <param name="Name">As it was given: what every line about it begins with.</param>
/// <param name="Management">The base of its management URLs, ending in a slash.</param>
internal sealed record WaitTarget(string Name, Uri Management)
{
    private static readonly string[] Probes = ["readyz", "livez", "healthz"];

    /// <summary>Reads <c>http://host:port</c>. A probe's own URL is taken for its server's.</summary>
    public static bool TryParse(string text, out WaitTarget? target, out string? error)
    {
        target = null;
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
        target = new WaitTarget(text, new Uri($"{url.GetLeftPart(UriPartial.Authority)}/{path}"));
        return true;
    }
}
