namespace Cassini.Streams.Store;

/// <summary>What the broker's state survives.</summary>
public enum StoreLevel
{
    /// <summary>Nothing: it ends with the process.</summary>
    Memory,

    /// <summary>The end of the process, kill -9 included. A power cut may take the last moments.</summary>
    Process,

    /// <summary>A power cut too: nothing is acknowledged before it was flushed to the disk.</summary>
    Flush,
}
