namespace Cassini.Harness.Load;

/// <summary>Which message it is.</summary>
/// <param name="Test">The test's index in the plan.</param>
/// <param name="Producer">The producer's index in the test.</param>
/// <param name="Client">The client's index in the producer.</param>
/// <param name="Key">Order is promised among messages of one client with the same key.</param>
/// <param name="Sequence">The client's messages, from 0 without holes.</param>
internal readonly record struct MessageId(ushort Test, ushort Producer, ushort Client, ushort Key, long Sequence);

/// <summary>What a payload turned out to be.</summary>
internal enum EnvelopeKind
{
    /// <summary>Of this run, every bit as it was sent.</summary>
    Good,

    /// <summary>Of this run, and damaged.</summary>
    Corrupt,

    /// <summary>Somebody else's.</summary>
    Foreign,
}
