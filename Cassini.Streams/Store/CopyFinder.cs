using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Store;

/// <summary>Finds copies of one session in groups. Used for one reading; not thread-safe.</summary>
/// <param name="session">The number of the session.</param>
/// <param name="time">The clock.</param>
internal sealed class CopyFinder(uint session, TimeProvider time)
{
    private readonly GroupBodies _bodies = new(time);

    /// <summary>Reads a group.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="group">The group.</param>
    /// <param name="found">Gets the copies of the session in it that it has as keys.</param>
    /// <exception cref="JournalFormatException">It is damaged.</exception>
    public void Find(long number, ReadOnlySpan<byte> group, Dictionary<long, QueuedMessage?> found)
    {
        var reader = new GroupReader(number, group);
        _bodies.Clear();
        while (reader.TryNext(out var type))
        {
            switch (type)
            {
                case RecordType.Body:
                    _bodies.Note(ref reader);
                    break;
                case RecordType.Copy:
                    var owner = reader.ReadSession();
                    var copy = reader.ReadCopy();
                    if (owner == session && found.ContainsKey(copy.Sequence))
                    {
                        found[copy.Sequence] = copy.ToQueued(_bodies.Of(copy, reader));
                    }

                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
    }
}
