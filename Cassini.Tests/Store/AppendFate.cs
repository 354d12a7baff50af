namespace Cassini.Tests.Store;

/// <summary>What becomes of an append to a simulated disk.</summary>
internal enum AppendFate
{
    Succeeds,

    /// <summary>It does not end until the test says so.</summary>
    Held,

    /// <summary>It fails, but the group is on the disk.</summary>
    FailsThere,

    /// <summary>It fails, and the group is not on the disk.</summary>
    FailsAbsent,

    /// <summary>There is no room for it.</summary>
    Full,
}
