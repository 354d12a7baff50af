namespace Cassini.Harness.Messages;

/// <summary>Which message it is.</summary>
/// <param name="Test">The test's index in the plan.</param>
/// <param name="Publisher">The publisher's index in the test.</param>
/// <param name="Client">The client's index in the publisher.</param>
/// <param name="Key">Messages of one client with the same key must keep their order.</param>
/// <param name="Sequence">The number of the message among those of the client: 0, 1, 2 and so on.</param>
internal readonly record struct MessageId(ushort Test, ushort Publisher, ushort Client, ushort Key, long Sequence);

/// <summary>What a subscriber finds a payload to be.</summary>
internal enum EnvelopeKind
{
    /// <summary>Of this run, and unchanged.</summary>
    Good,

    /// <summary>Of this run, but damaged.</summary>
    Corrupt,

    /// <summary>Of another run or another program.</summary>
    Foreign,
}
