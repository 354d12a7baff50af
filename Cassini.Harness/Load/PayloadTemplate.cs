using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Cassini.Harness.Plans;

namespace Cassini.Harness.Load;

/// <summary>Text with placeholders: <c>{{seq}}</c>, <c>{{key}}</c>, <c>{{producer}}</c>, <c>{{client}}</c>.</summary>
internal sealed partial class PayloadTemplate
{
    private static readonly string[] Known = ["{{seq}}", "{{key}}", "{{producer}}", "{{client}}"];

    private readonly string[] _parts;
    private readonly string _producer;

    public PayloadTemplate(string text, string producer)
    {
        _parts = Placeholder().Split(text);
        _producer = producer;
    }

    /// <summary>The least room that a text needs beside the envelope, in bytes.</summary>
    public static int LeastSize(PayloadKind kind, string text) =>
        Encoding.UTF8.GetByteCount(kind == PayloadKind.Template ? Placeholder().Replace(text, "") : text);

    public static string? UnknownPlaceholder(string text) =>
        Placeholder().Matches(text).Select(match => match.Value).FirstOrDefault(found => !Known.Contains(found));

    public byte[] For(MessageId id)
    {
        var text = new StringBuilder();
        foreach (var part in _parts)
        {
            text.Append(part switch
            {
                "{{seq}}" => id.Sequence.ToString(CultureInfo.InvariantCulture),
                "{{key}}" => id.Key.ToString(CultureInfo.InvariantCulture),
                "{{client}}" => id.Client.ToString(CultureInfo.InvariantCulture),
                "{{producer}}" => _producer,
                _ => part,
            });
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    // In a group, so that Split keeps the placeholders among the parts.
    [GeneratedRegex(@"(\{\{[^{}]*\}\})", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
