namespace Cassini.Streams.Events;

/// <summary>What a peer says over HTTP, the second path to it.</summary>
public enum PeerAnswer
{
    /// <summary>Nothing: it has not answered for five seconds, or is not asked any more.</summary>
    None,

    /// <summary>The bus is not connected there either.</summary>
    CutOff,

    /// <summary>The bus is connected there, this node is not heard there, and it is not ready itself.</summary>
    NotReady,

    /// <summary>The bus is connected there, and this node is heard there.</summary>
    Hears,

    /// <summary>The bus is connected there, it is ready, and does not hear this node: others serve without it.</summary>
    Serves,
}
