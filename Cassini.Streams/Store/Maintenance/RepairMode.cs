namespace Cassini.Streams.Store.Maintenance;

/// <summary>What a repair does with the groups behind one that cannot be used.</summary>
internal enum RepairMode
{
    /// <summary>Keeps them: only what was in the lost groups is missing.</summary>
    Skip,

    /// <summary>Drops them: the result is a state that once was.</summary>
    Cut,
}
