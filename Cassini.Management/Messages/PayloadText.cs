using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace Cassini.Management.Messages;

/// <summary>Payloads as text, where they are text.</summary>
internal static class PayloadText
{
    /// <summary>The most bytes of a payload that are shown.</summary>
    public const int Most = 64 * 1024;

    private const int LongestCharacter = 4;

    private static readonly SearchValues<char> Controls = SearchValues.Create(
        [.. Enumerable.Range(0, 0xA0).Select(code => (char)code).Where(c => char.IsControl(c) && c is not ('\t' or '\r' or '\n'))]);

    /// <summary>Reads a payload as UTF-8 without control characters other than tabs and line ends.</summary>
    /// <param name="payload">The payload, or its beginning.</param>
    /// <param name="isCut">Whether it is the beginning: then its last character may be incomplete, and is left out.</param>
    /// <param name="text">The text; null when it is none.</param>
    public static bool TryRead(ReadOnlySpan<byte> payload, bool isCut, [NotNullWhen(true)] out string? text)
    {
        text = null;
        var whole = payload;
        for (var less = 0; isCut && less < LongestCharacter && less < payload.Length && !Utf8.IsValid(whole); less++)
        {
            whole = payload[..^(less + 1)];
        }

        if (!Utf8.IsValid(whole))
        {
            return false;
        }

        var read = Encoding.UTF8.GetString(whole);
        text = read.AsSpan().ContainsAny(Controls) ? null : read;
        return text is not null;
    }
}
