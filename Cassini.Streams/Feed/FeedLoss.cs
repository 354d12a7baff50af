namespace Cassini.Streams.Feed;

/// <summary>Why nothing is known of a broker.</summary>
public enum FeedLoss
{
    /// <summary>It was not reached yet.</summary>
    NotConnected,

    /// <summary>Nothing answers.</summary>
    Unreachable,

    /// <summary>It cannot be trusted, or TLS failed otherwise.</summary>
    TlsFailed,

    /// <summary>It does not accept our credentials (401, 403).</summary>
    Refused,

    /// <summary>It serves as many feeds as it may, or cannot serve one now (503).</summary>
    Busy,

    /// <summary>Something answers, and not as a Cassini does.</summary>
    NotCassini,

    /// <summary>The feed ended in the middle: no goodbye.</summary>
    Cut,

    /// <summary>Nothing came for two and a half heartbeats.</summary>
    Silent,

    /// <summary>The feed said what cannot be understood, and health with it can no longer be followed.</summary>
    Garbled,

    /// <summary>The broker said goodbye: its process stops.</summary>
    Stopped,
}
