using Cassini.Tests.Cli;
using Cassini.Tests.Docs;
using Cassini.Tests.Support;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Cassini.Tests.Deploy;

/// <summary>The files under deploy/, and the programs that check them.</summary>
internal static class DeployFiles
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static string Path(params string[] parts) => System.IO.Path.Combine([Repository.Root, "deploy", .. parts]);

    public static string Read(params string[] parts) => File.ReadAllText(Path(parts));

    /// <summary>A YAML file without types: mappings, lists and strings. What it merges in (<c>&lt;&lt;</c>) is there.</summary>
    public static Dictionary<string, object> Yaml(params string[] parts) =>
        new DeserializerBuilder().Build()
            .Deserialize<Dictionary<string, object>>(new MergingParser(new Parser(new StringReader(Read(parts)))));

    /// <summary>What is found at a path of keys within such a file.</summary>
    public static T At<T>(object yaml, params string[] keys) =>
        (T)keys.Aggregate(yaml, (value, key) => value switch
        {
            Dictionary<object, object> mapping => mapping[key],
            Dictionary<string, object> mapping => mapping[key],
            List<object> list => list[int.Parse(key, System.Globalization.CultureInfo.InvariantCulture)],
            _ => throw new KeyNotFoundException($"there is no {key} in {value}"),
        });

    /// <summary>Runs a program to its end, or skips the test where it is missing. What it said is both of its outputs.</summary>
    public static async Task<(int Code, string Said)> RunAsync(string program, string directory, params string[] args)
    {
        await using var child = ChildProcess.Start(Programs.Require(program), args, directory);
        var code = await child.ExitCodeAsync($"{program} {string.Join(' ', args)}", Patience);
        return (code, child.Out.ToString() + child.Error);
    }
}
