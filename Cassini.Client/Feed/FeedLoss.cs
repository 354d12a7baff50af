namespace Cassini.Streams.Feed;

/// <summary>Why a broker's health is unknown.</summary>
public enum FeedLoss
{
    /// <summary>The broker was not reached yet.</summary>
    NotConnected,

    /// <summary>No connection could be made.</summary>
    Unreachable,

    /// <summary>The broker's certificate is not trusted, or TLS failed in another way.</summary>
    TlsFailed,

    /// <summary>The broker does not accept our credentials (401, 403).</summary>
    Refused,

    /// <summary>The broker already serves its maximum number of feeds, or cannot serve one now (503).</summary>
    Busy,

    /// <summary>The answer is not that of a Cassini.</summary>
    NotCassini,

    /// <summary>The feed ended without the message <c>bye</c>.</summary>
    Cut,

    /// <summary>The feed was silent for two and a half heartbeats.</summary>
    Silent,

    /// <summary>The feed sent something that cannot be read, so health can no longer be followed.</summary>
    Garbled,

    /// <summary>The broker sent <c>bye</c>, because its process stops.</summary>
    Stopped,
}
