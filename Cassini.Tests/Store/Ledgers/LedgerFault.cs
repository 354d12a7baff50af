namespace Cassini.Tests.Store.Ledgers;

/// <summary>How an append goes wrong.</summary>
internal enum LedgerFault
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>There is no room.</summary>
    Full,

    /// <summary>There is none but in the reserve.</summary>
    FullButForReserve,

    /// <summary>It cannot be written; the group is not there.</summary>
    Write,

    /// <summary>It is written, and then the flush fails; the group is there.</summary>
    Flush,
}
