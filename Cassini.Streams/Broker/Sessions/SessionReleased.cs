namespace Cassini.Streams.Broker.Sessions;

/// <summary>What became of a session that another node asks for.</summary>
/// <param name="Outcome">What.</param>
/// <param name="Session">The session that may be moved; null for any other outcome.</param>
/// <param name="HadConnection">Whether its client was connected here, and is no more.</param>
internal sealed record SessionReleased(ReleaseOutcome Outcome, Session? Session = null, bool HadConnection = false);

/// <summary>What became of a session that another node asks for.</summary>
internal enum ReleaseOutcome
{
    /// <summary>There is none any more: the client may begin anew.</summary>
    None,

    /// <summary>It belongs to another identity.</summary>
    OfAnother,

    /// <summary>It is moving already.</summary>
    Busy,

    /// <summary>It may be moved: it is kept here until it has arrived, or stays.</summary>
    Leaving,
}
