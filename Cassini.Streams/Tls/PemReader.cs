using System.Buffers;
using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Text.RegularExpressions;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Tls;

/// <summary>
/// Reads all blocks of a PEM file (RFC 7468). Text between blocks is a comment. But what looks like a part of a block and is none is an
/// error: a block that is skipped may be the CA or the revocation list that matters.
/// </summary>
internal sealed partial class PemReader
{
    private const string Dashes = "-----";
    private const string Begin = $"{Dashes}BEGIN ";
    private const string End = $"{Dashes}END ";
    private const int MaxShown = 60;

    // Programs write lines of 64 characters, or of 76.
    private const int LeastContent = 60;

    private static readonly SearchValues<char> Base64 =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n");

    /// <summary>The labels that may be in a file beside what is looked for. All others can be damaged ones.</summary>
    private static readonly HashSet<string> Labels = new(StringComparer.Ordinal)
    {
        "CERTIFICATE", "X509 CERTIFICATE", "X509 CRL", "CRL", "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST",
        "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY",
        "PUBLIC KEY", "RSA PUBLIC KEY", "EC PARAMETERS", "DH PARAMETERS", "X9.42 DH PARAMETERS", "DSA PARAMETERS",
    };

    private readonly TlsFile _file;
    private readonly string _text;

    private PemReader(TlsFile file) => (_file, _text) = (file, file.Text);

    private readonly record struct Marker(bool IsBegin, string Label, Range Place);

    /// <summary>The blocks, in their order; none for a file without one.</summary>
    /// <exception cref="TlsConfigurationException">A block is damaged; the message names the line.</exception>
    public static ImmutableArray<PemBlock> Read(TlsFile file) => new PemReader(file).Read();

    private ImmutableArray<PemBlock> Read()
    {
        var blocks = ImmutableArray.CreateBuilder<PemBlock>();
        var at = 0;
        while (Next(at) is { } begin)
        {
            RequireComments(at, begin.Place.Start.Value);
            blocks.Add(Block(begin));
            at = Next(begin.Place.End.Value)!.Value.Place.End.Value;
        }

        RequireComments(at, _text.Length);
        RequireText(blocks.Count);
        return blocks.ToImmutable();
    }

    private PemBlock Block(Marker begin)
    {
        var from = begin.Place.Start.Value;
        if (!begin.IsBegin)
        {
            throw Damaged(from, $"END {begin.Label} has no BEGIN before it");
        }

        if (!Labels.Contains(begin.Label))
        {
            throw Damaged(from, $"a block of the kind {begin.Label} cannot be used");
        }

        var end = Next(begin.Place.End.Value) ?? throw Damaged(from, $"BEGIN {begin.Label} has no END: the file is cut off");
        return end.IsBegin
            ? throw Damaged(end.Place.Start.Value, $"BEGIN {end.Label} is inside the block that begins at line {LineOf(from)}")
            : end.Label != begin.Label
            ? throw Damaged(end.Place.Start.Value, $"END {end.Label} does not belong to BEGIN {begin.Label} of line {LineOf(from)}")
            : Decode(begin, end.Place.Start.Value);
    }

    private PemBlock Decode(Marker begin, int end)
    {
        var from = begin.Place.End.Value;
        var headers = HeadersOf(_text[from..end]);
        from += headers.Length;
        var bad = _text.AsSpan(from, end - from).IndexOfAnyExcept(Base64);
        if (bad >= 0)
        {
            throw Damaged(from + bad, $"{SafeText.Quote(_text.Substring(from + bad, 1), MaxShown)} is not base64");
        }

        var content = new byte[(end - from) / 4 * 3 + 3];
        if (!Convert.TryFromBase64Chars(_text.AsSpan(from, end - from), content, out var length))
        {
            throw Damaged(begin.Place.Start.Value, $"the base64 of this {begin.Label} is not complete");
        }

        content = content[..length];
        var encrypted = headers.Contains("ENCRYPTED", StringComparison.Ordinal);
        return encrypted || IsOneValue(content)
            ? new PemBlock(begin.Label, LineOf(begin.Place.Start.Value), content, encrypted)
            : throw Damaged(begin.Place.Start.Value, $"the content of this {begin.Label} is not complete, or not only that");
    }

    /// <summary>The lines such as <c>Proc-Type: 4,ENCRYPTED</c> at the beginning of an older block, and the blank one after them.</summary>
    private static string HeadersOf(string body) => Headers().Match(body) is { Success: true } found ? found.Value : "";

    private static bool IsOneValue(byte[] content) =>
        AsnDecoder.TryReadEncodedValue(content, AsnEncodingRules.BER, out _, out _, out _, out var read) && read == content.Length;

    /// <summary>The next BEGIN or END, exactly as it must be written.</summary>
    private Marker? Next(int from)
    {
        for (var found = MarkerLike().Match(_text, from); found.Success; found = found.NextMatch())
        {
            if (!IsInComment(found.Index))
            {
                return Exact(found.Index) ?? throw Damaged(
                    found.Index, $"{SafeText.Quote(LineText(found.Index), MaxShown)} is not a BEGIN or END line of its own");
            }
        }

        return null;
    }

    private Marker? Exact(int at)
    {
        var text = _text.AsSpan(at);
        var isBegin = text.StartsWith(Begin);
        if ((at > 0 && !char.IsWhiteSpace(_text[at - 1])) || !(isBegin || text.StartsWith(End)))
        {
            return null;
        }

        var label = text[(isBegin ? Begin : End).Length..];
        var length = label.IndexOf(Dashes);
        if (length <= 0 || label[..length].IndexOfAny('\r', '\n') >= 0)
        {
            return null;
        }

        var end = at + (isBegin ? Begin : End).Length + length + Dashes.Length;
        var next = end < _text.Length ? _text[end] : '\n';
        return next != '-' && (isBegin || char.IsWhiteSpace(next))
            ? new Marker(isBegin, label[..length].ToString(), at..end)
            : null;
    }

    private void RequireComments(int from, int to)
    {
        foreach (Match word in Words().Matches(_text[from..to]))
        {
            if (IsLostContent(word.Value))
            {
                throw Damaged(from + word.Index, "base64 outside a block");
            }
        }

        if (to < _text.Length)
        {
            return;
        }

        var end = _text.AsSpan().TrimEnd().Length;
        if (LineText(end) is { Length: > 5 } last && Begin.StartsWith(last, StringComparison.Ordinal))
        {
            throw Damaged(end, "the file is cut off in its last BEGIN");
        }
    }

    /// <summary>What a shell of Windows adds to a file can be UTF-16, in which no BEGIN is found.</summary>
    private void RequireText(int blocks)
    {
        if (blocks > 0 && _text.IndexOf('\0') is >= 0 and var at)
        {
            throw Damaged(at, "a NUL character: from here on it is not text, or in UTF-16");
        }
    }

    /// <summary>A line of a block whose BEGIN and END are lost. A fingerprint is none, because its letters are of one case.</summary>
    private static bool IsLostContent(string word) =>
        word.Length >= LeastContent && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '=')
        && word.Any(char.IsAsciiLetterUpper) && word.Any(char.IsAsciiLetterLower) && word.Any(char.IsAsciiDigit);

    private bool IsInComment(int at) => _text.AsSpan(LineStart(at)).TrimStart() is ['#', ..];

    private string LineText(int at)
    {
        var line = _text.AsSpan(LineStart(at));
        var end = line.IndexOfAny('\r', '\n');
        return (end < 0 ? line : line[..end]).Trim().ToString();
    }

    private int LineStart(int at) => _text.AsSpan(0, at).LastIndexOfAny('\r', '\n') + 1;

    private int LineOf(int at) => _text.AsSpan(0, at).Count('\n') + 1;

    private TlsConfigurationException Damaged(int at, string problem) => _file.ErrorAt(LineOf(at), problem);

    [GeneratedRegex("-{3,} ?(?:BEGIN|END) ", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex MarkerLike();

    [GeneratedRegex(@"\A\s*(?:[A-Za-z-]+:[^\n]*\n)+\s*?\n", RegexOptions.CultureInvariant)]
    private static partial Regex Headers();

    [GeneratedRegex(@"[^\s]+", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}
