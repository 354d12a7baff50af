using System.Collections.Frozen;
using System.Text;

namespace Cassini.Streams.Listening.WebSockets;

/// <summary>The head of an HTTP request (RFC 9112), as far as an upgrade needs it. Immutable.</summary>
/// <param name="Method">The method.</param>
/// <param name="Version">The version, such as <c>HTTP/1.1</c>.</param>
/// <param name="Fields">The fields by name, in any case; one that is there more than once has its values with commas.</param>
internal sealed record RequestHead(string Method, string Version, FrozenDictionary<string, string> Fields)
{
    private static readonly byte[] End = "\r\n\r\n"u8.ToArray();

    /// <summary>The value of a field; null when it is not there.</summary>
    public string? this[string name] => Fields.GetValueOrDefault(name);

    /// <summary>How long the head at the beginning of these bytes is, its empty line included; 0 when it is not complete.</summary>
    /// <param name="received">The bytes.</param>
    /// <param name="searched">How many of them were searched before.</param>
    public static int LengthOf(ReadOnlySpan<byte> received, int searched)
    {
        var from = Math.Max(0, searched - End.Length + 1);
        var at = received[from..].IndexOf(End);
        return at < 0 ? 0 : from + at + End.Length;
    }

    /// <summary>Whether bytes can be the beginning of a head: they begin with a method, and are text.</summary>
    public static bool CanBegin(ReadOnlySpan<byte> received) =>
        received.IsEmpty
        || (char.IsAsciiLetter((char)received[0])
            && !received.ContainsAnyInRange((byte)0, (byte)8) && !received.ContainsAnyInRange((byte)14, (byte)31));

    /// <summary>Reads a complete head.</summary>
    /// <returns>Null for what is not one.</returns>
    public static RequestHead? TryParse(ReadOnlySpan<byte> head)
    {
        var lines = Encoding.Latin1.GetString(head[..^End.Length]).Split("\r\n");
        if (lines[0].Split(' ') is not [{ Length: > 0 } method, { Length: > 0 }, { Length: > 0 } version] || !method.All(IsOfToken))
        {
            return null;
        }

        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.AsSpan(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1 || !line[..colon].All(IsOfToken) || line.AsSpan().ContainsAny('\r', '\n'))
            {
                return null;
            }

            var (name, value) = (line[..colon], line[(colon + 1)..].Trim(' ', '\t'));
            fields[name] = fields.TryGetValue(name, out var before) ? $"{before}, {value}" : value;
        }

        return new RequestHead(method, version, fields.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The elements of a field that is a list; none when it is not there.</summary>
    public IEnumerable<string> ListOf(string name) =>
        (this[name] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Whether a field that is a list has an element, in any case.</summary>
    public bool Has(string name, string element) => ListOf(name).Contains(element, StringComparer.OrdinalIgnoreCase);

    private static bool IsOfToken(char letter) =>
        char.IsAsciiLetterOrDigit(letter) || "!#$%&'*+-.^_`|~".Contains(letter, StringComparison.Ordinal);
}
