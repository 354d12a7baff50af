namespace Cassini.Streams.Store.Ledgers;

/// <summary>What a group survives as soon as its append has ended.</summary>
internal enum LedgerDurability
{
    /// <summary>The end of the process, kill -9 included. A power cut may take the last groups, but leaves no hole.</summary>
    Process,

    /// <summary>A power cut too: each append is flushed to the disk.</summary>
    Flush,
}
