using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Docs;

/// <summary>What a setting means: the XML summary of its property, as one line of Markdown.</summary>
internal static partial class SettingMeaning
{
    private static readonly ConcurrentDictionary<Assembly, Dictionary<string, XElement>> Summaries = new();

    /// <summary>The key of a property as comments refer to it.</summary>
    private static readonly Lazy<Dictionary<string, string>> Keys = new(() =>
        SettingsCatalog.All.ToDictionary(
            setting => Id('P', $"{setting.Property.DeclaringType!.FullName}.{setting.Property.Name}"), setting => setting.Key));

    public static string Of(PropertyInfo property) =>
        Summary(property.DeclaringType!.Assembly, Id('P', $"{property.DeclaringType!.FullName}.{property.Name}"));

    public static string Of(Type options) => Summary(options.Assembly, Id('T', options.FullName!));

    private static string Id(char kind, string name) => $"{kind}:{name}";

    private static string Summary(Assembly assembly, string id)
    {
        var summaries = Summaries.GetOrAdd(assembly, Read);
        summaries.ShouldContainKey(id, $"{id} has no XML summary in {assembly.GetName().Name}.xml");
        return Space().Replace(string.Concat(summaries[id].Nodes().Select(Markdown)), " ").Trim()
            .Replace("|", "\\|", StringComparison.Ordinal);
    }

    private static Dictionary<string, XElement> Read(Assembly assembly) =>
        XDocument.Load(Path.Combine(AppContext.BaseDirectory, $"{assembly.GetName().Name}.xml")).Descendants("member")
            .Where(member => member.Element("summary") is not null)
            .ToDictionary(member => member.Attribute("name")!.Value, member => member.Element("summary")!);

    private static string Markdown(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" } see when see.Attribute("cref")?.Value is { } cref =>
            $"`{Keys.Value.GetValueOrDefault(cref, cref.Split('.')[^1])}`",
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement element => string.Concat(element.Nodes().Select(Markdown)),
        _ => "",
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
