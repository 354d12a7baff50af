using System.CommandLine;

namespace Cassini.Web.Cli.Manual;

/// <summary>A command whose help ends in examples.</summary>
internal sealed class DocumentedCommand(string name, string description) : Command(name, description)
{
    /// <summary>Each line of shell with what it does.</summary>
    public required IReadOnlyList<(string Line, string Meaning)> Examples { get; init; }

    /// <summary>Flags that it does not have although people of other programs expect them, each with what to do instead.</summary>
    public IReadOnlyDictionary<string, string> Instead { get; init; } = new Dictionary<string, string>();

    /// <summary>What else there is to know.</summary>
    public string? Notes { get; init; }
}
