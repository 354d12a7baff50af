namespace Cassini.Streams.Cluster;

/// <summary>The subjects of a fleet on the bus.</summary>
/// <param name="fleet">Its name.</param>
internal sealed class Subjects(string fleet)
{
    /// <summary>What is said to every node.</summary>
    public string All { get; } = $"cassini.{fleet}.c.all";

    /// <summary>What is said to one node.</summary>
    public string Of(string node) => $"cassini.{fleet}.c.node.{node}";

    /// <summary>What a node says to itself, to learn whether it is heard.</summary>
    public string Echo(string node) => $"cassini.{fleet}.e.{node}";

    /// <summary>Pieces of sessions that move to a node.</summary>
    public string Pieces(string to) => $"cassini.{fleet}.m.{to}";

    /// <summary>Messages from one node to another.</summary>
    public string Data(string from, string to) => $"cassini.{fleet}.d.{to}.{from}";

    /// <summary>What two nodes say to compare what they retain.</summary>
    public string Retained(string from, string to) => $"cassini.{fleet}.r.{to}.{from}";
}
