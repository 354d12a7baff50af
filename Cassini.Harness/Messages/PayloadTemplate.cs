using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Cassini.Harness.Messages;

/// <summary>Text with placeholders: <c>{{seq}}</c>, <c>{{key}}</c>, <c>{{publisher}}</c>, <c>{{client}}</c>.</summary>
internal sealed partial class PayloadTemplate
{
    // Plans of earlier versions say producer.
    private static readonly string[] Known = ["{{seq}}", "{{key}}", "{{publisher}}", "{{client}}", "{{producer}}"];

    private readonly string[] _parts;
    private readonly string _publisher;

    public PayloadTemplate(string text, string publisher)
    {
        _parts = Placeholder().Split(text);
        _publisher = publisher;
    }

    /// <summary>The length of a template without its placeholders, in bytes.</summary>
    public static int LeastSize(string text) => Encoding.UTF8.GetByteCount(Placeholder().Replace(text, ""));

    /// <summary>The first placeholder that does not exist; null when all do.</summary>
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
                "{{publisher}}" or "{{producer}}" => _publisher,
                _ => part,
            });
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    // In a group, so that Split keeps the placeholders among the parts.
    [GeneratedRegex(@"(\{\{[^{}]*\}\})", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
