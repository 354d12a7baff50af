namespace Cassini.Harness.Messages;

/// <summary>Which message it is.</summary>
/// <param name="Test">The test's index in the plan.</param>
/// <param name="Producer">The producer's index in the test.</param>
/// <param name="Client">The client's index in the producer.</param>
/// <param name="Key">Messages of one client with the same key must keep their order.</param>
/// <param name="Sequence">The number of the message among those of the client: 0, 1, 2 and so on.</param>
internal readonly record struct MessageId(ushort Test, ushort Producer, ushort Client, ushort Key, long Sequence);

/// <summary>What a sink finds a payload to be.</summary>
internal enum EnvelopeKind
{
    /// <summary>Of this run, and unchanged.</summary>
    Good,

    /// <summary>Of this run, but damaged.</summary>
    Corrupt,

    /// <summary>Of another run or another program.</summary>
    Foreign,
}
