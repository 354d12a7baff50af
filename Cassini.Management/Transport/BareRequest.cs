using System.Buffers;
using System.Text;

namespace Cassini.Management.Transport;

/// <summary>
/// A probe as an orchestrator sends it: GET or HEAD of one of the three paths, without parameters, body or credentials, whole and alone in
/// what has arrived. Anything else, and anything unusual, is not read here: Kestrel reads it, from its first byte.
/// </summary>
/// <param name="method">GET or HEAD.</param>
/// <param name="path">The path.</param>
/// <param name="protocol">HTTP/1.1 or HTTP/1.0.</param>
internal sealed class BareRequest(string method, string path, string protocol)
{
    /// <summary>A longer one is Kestrel's.</summary>
    public const int LongestBytes = 4096;

    private const int MostHeaders = 64;

    private static readonly string[] Paths = ["/livez", "/readyz", "/healthz"];

    private static readonly SearchValues<byte> Visible = SearchValues.Create(
        [(byte)'\r', (byte)'\n', .. Enumerable.Range(0x20, 0x5F).Select(value => (byte)value)]);

    private static readonly SearchValues<char> InName = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private static readonly SearchValues<char> InHost = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]");

    // With any of these the answer depends on more than the path, or on what follows.
    private static readonly HashSet<string> NotBare = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Content-Length", "Transfer-Encoding", "Expect", "Upgrade", "HTTP2-Settings", "TE", "Trailer",
    };

    public string Method => method;

    public string Path => path;

    public string Protocol => protocol;

    public IHeaderDictionary Headers { get; } = new HeaderDictionary();

    /// <summary>Whether the connection stays open after the answer.</summary>
    public bool KeepsAlive { get; private set; } = protocol == "HTTP/1.1";

    /// <summary>Reads what has arrived.</summary>
    /// <returns>Null when it is not exactly one such request.</returns>
    public static BareRequest? TryRead(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.EndsWith("\r\n\r\n"u8) || bytes.IndexOf("\r\n\r\n"u8) != bytes.Length - 4
            || bytes.ContainsAnyExcept(Visible))
        {
            return null;
        }

        var lines = Encoding.ASCII.GetString(bytes[..^4]).Split("\r\n");
        if (lines[0].Split(' ') is not [("GET" or "HEAD") and var method, var path, ("HTTP/1.1" or "HTTP/1.0") and var protocol]
            || !Paths.Contains(path, StringComparer.Ordinal) || lines.Length > MostHeaders)
        {
            return null;
        }

        var request = new BareRequest(method, path, protocol);
        return lines.Skip(1).All(request.TryAdd) && request.Headers.Host.Count == 1 ? request : null;
    }

    private bool TryAdd(string line)
    {
        var colon = line.IndexOf(':');
        if (colon <= 0 || line.AsSpan(0, colon).ContainsAnyExcept(InName) || line.AsSpan().ContainsAny('\r', '\n'))
        {
            return false;
        }

        var (name, value) = (line[..colon], line[(colon + 1)..].Trim());
        if (NotBare.Contains(name)
            || (name.Equals("Host", StringComparison.OrdinalIgnoreCase) && value.AsSpan().ContainsAnyExcept(InHost))
            || (name.Equals("Connection", StringComparison.OrdinalIgnoreCase) && !TryConnection(value)))
        {
            return false;
        }

        Headers.Append(name, value);
        return true;
    }

    private bool TryConnection(string value)
    {
        if (value.Equals("close", StringComparison.OrdinalIgnoreCase))
        {
            KeepsAlive = false;
            return true;
        }

        return KeepsAlive && value.Equals("keep-alive", StringComparison.OrdinalIgnoreCase);
    }
}
