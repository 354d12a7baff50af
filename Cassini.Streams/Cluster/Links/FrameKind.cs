namespace Cassini.Streams.Cluster.Links;

/// <summary>What a frame carries.</summary>
internal enum FrameKind : byte
{
    /// <summary>Messages of QoS 0: sent once.</summary>
    Fast = 1,

    /// <summary>Messages of QoS 1 and 2: kept, and sent again, until they are acknowledged.</summary>
    Sure = 2,

    /// <summary>What was received, and no messages.</summary>
    Acknowledgement = 3,

    /// <summary>The same, and that something is missing: the body is the number of the frame from which on to send again.</summary>
    Missing = 4,

    /// <summary>A part of a message that is too large for one: the rest follows, and the last of it is <see cref="Sure"/>.</summary>
    Part = 5,
}
