namespace Cassini.Streams.Store.History;

/// <summary>How a run of the process ended.</summary>
internal enum RunEnd
{
    /// <summary>It wrote its end.</summary>
    Clean,

    /// <summary>It wrote no end: it was killed, or could not write.</summary>
    Killed,

    /// <summary>An exception that nothing handled ended it.</summary>
    Crashed,

    /// <summary>It wrote no end, and the machine was started since.</summary>
    Power,
}
