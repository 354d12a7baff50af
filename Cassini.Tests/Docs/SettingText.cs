using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli;

namespace Cassini.Tests.Docs;

/// <summary>How the pages write a setting's default, and what it means by the comment on its property.</summary>
internal static partial class SettingText
{
    private static readonly Lazy<Dictionary<string, XElement>> Summaries = new(() =>
        XDocument.Load(Path.Combine(AppContext.BaseDirectory, "Cassini.Streams.xml")).Descendants("member")
            .Where(member => member.Element("summary") is not null)
            .ToDictionary(member => member.Attribute("name")!.Value, member => member.Element("summary")!));

    public static string Default(object? value) => value switch
    {
        null => "",
        TimeSpan duration => Duration(duration),
        bool flag => flag ? "true" : "false",
        Enum name => name.ToString().ToLowerInvariant(),
        string text => text,
        IEnumerable items => string.Join(", ", items.Cast<object>()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    /// <summary>The summary of its property as one line of Markdown, without the default, which has a column of its own.</summary>
    public static string Meaning(KnownSetting setting)
    {
        var text = string.Concat(SummaryOf(setting).Nodes().Select(Markdown));
        text = Space().Replace(text, " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);
        return Space().Replace(Defaults().Replace(text, match => match.Value.EndsWith(';') ? "Allowed:" : ""), " ").Trim();
    }

    private static XElement SummaryOf(KnownSetting setting)
    {
        var owner = setting.Property.DeclaringType!;
        if (Summaries.Value.TryGetValue($"P:{owner.FullName}.{setting.Property.Name}", out var summary))
        {
            return summary;
        }

        // The executable has no file of its comments: its own options are read from where they stand.
        const string Executable = "Cassini.Web";
        var source = Repository.Read([Executable, .. owner.Namespace![(Executable.Length + 1)..].Split('.'), $"{owner.Name}.cs"]);
        var comment = Regex.Match(source, $@"((?:    ///.*\n)+)    public [^\n]* {setting.Property.Name} ").Groups[1].Value;
        return XElement.Parse(comment.Replace("///", "", StringComparison.Ordinal));
    }

    private static string Markdown(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" } see => $"`{see.Attribute("cref")?.Value.Split('.')[^1] ?? see.Attribute("langword")?.Value}`",
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement element => string.Concat(element.Nodes().Select(Markdown)),
        _ => "",
    };

    private static string Duration(TimeSpan duration)
    {
        var text = duration switch
        {
            { Ticks: 0 } => "0",
            _ when duration.Ticks % TimeSpan.TicksPerDay == 0 => $"{duration.TotalDays}d",
            _ when duration.Ticks % TimeSpan.TicksPerHour == 0 => $"{duration.TotalHours}h",
            _ when duration.Ticks % TimeSpan.TicksPerMinute == 0 => $"{duration.TotalMinutes}m",
            _ when duration.Ticks % TimeSpan.TicksPerSecond == 0 => $"{duration.TotalSeconds}s",
            _ => $"{duration.TotalMilliseconds}ms",
        };
        DurationText.TryParse(text, out var read).ShouldBeTrue();
        read.ShouldBe(duration);
        return text;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"\bDefault:? (?:[^:;]|:(?=\S))+?(?:;|\.(?= |$))")]
    private static partial Regex Defaults();
}
