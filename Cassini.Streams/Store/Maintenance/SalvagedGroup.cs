namespace Cassini.Streams.Store.Maintenance;

/// <summary>A group as it was found, or groups that cannot be read.</summary>
/// <param name="Number">Its number, or the first.</param>
/// <param name="Last">The last of those that cannot be read, else the same. <see cref="long.MaxValue"/> when it is not known.</param>
/// <param name="Total">The bytes of all groups up to this one, as its row says.</param>
/// <param name="Bytes">Valid until the next one is asked for.</param>
/// <param name="Problem">Why they cannot be read; null when it was.</param>
internal readonly record struct SalvagedGroup(long Number, long Last, long Total, ReadOnlyMemory<byte> Bytes, string? Problem = null);
