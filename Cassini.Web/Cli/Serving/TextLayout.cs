using System.Text;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Serving;

/// <summary>
/// For people: <c>time level source[id]: message</c> on one line, and below it the stack of an exception, indented. No control character
/// of a message reaches the terminal.
/// </summary>
internal sealed class TextLayout : ILogLayout
{
    private const string Own = nameof(Cassini) + ".";
    private const string Indent = "    ";

    public string Of(LogEntry entry, IExternalScopeProvider scopes)
    {
        var line = new StringBuilder(160);
        line.Append(entry.Timestamp).Append(' ').Append(Word(entry.Level)).Append(' ').Append(Source(entry.Category));
        if (entry.Id != 0)
        {
            line.Append('[').Append(entry.Id).Append(']');
        }

        line.Append(": ").Append(SafeText.Visible(entry.Message.Trim()));
        scopes.ForEachScope(AppendScope, line);
        TrimEnd(line).Append('\n');
        foreach (var text in (entry.Exception?.ToString() ?? "").Split('\n').Where(text => !string.IsNullOrWhiteSpace(text)))
        {
            line.Append(Indent).Append(SafeText.Visible(text.TrimEnd())).Append('\n');
        }

        return line.ToString();
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info ",
        LogLevel.Warning => "warn ",
        LogLevel.Error => "error",
        _ => "crit ",
    };

    /// <summary>The last word of a name of Cassini's own, because it says enough.</summary>
    private static string Source(string category) =>
        category.StartsWith(Own, StringComparison.Ordinal) ? category[(category.LastIndexOf('.') + 1)..] : SafeText.Of(category);

    private static void AppendScope(object? scope, StringBuilder line)
    {
        if (scope is IEnumerable<KeyValuePair<string, object?>> values)
        {
            foreach (var (name, value) in values)
            {
                line.Append(' ').Append(SafeText.Of(name)).Append('=').Append(SafeText.Of(value?.ToString()));
            }
        }
        else
        {
            line.Append(' ').Append(SafeText.Of(scope?.ToString()));
        }
    }

    private static StringBuilder TrimEnd(StringBuilder line)
    {
        while (line[^1] == ' ')
        {
            line.Length--;
        }

        return line;
    }
}
