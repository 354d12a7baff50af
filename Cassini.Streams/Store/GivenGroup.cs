namespace Cassini.Streams.Store;

/// <summary>A group that is encoded, and is or will be given to a ledger. It may be there although its append has failed.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Bytes">Valid until the next group is encoded; empty when nothing is left of its changes.</param>
internal sealed record GivenGroup(long Number, ReadOnlyMemory<byte> Bytes);
