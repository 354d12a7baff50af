using Cassini.Streams.Store.Maintenance;

namespace Cassini.Web.Cli.Storing;

/// <summary>What <c>cassini store</c> is to do.</summary>
/// <param name="Action">One of <see cref="StoreActions"/>.</param>
/// <param name="Directory">The full path of the directory of a journal.</param>
internal sealed record StoreRequest(string Action, string Directory)
{
    /// <summary>The full path of the new directory; empty for an action that makes none.</summary>
    public string Target { get; init; } = "";

    public RepairMode Mode { get; init; }

    public bool Json { get; init; }

    /// <summary>Whether a dump leaves payloads out.</summary>
    public bool NoPayloads { get; init; }
}
