using Cassini.Streams.Broker.Durable;

namespace Cassini.Streams.Store;

/// <summary>The changes that are not committed yet. Belongs to the journal's gate until the committer has taken it.</summary>
internal sealed class OpenGroup
{
    private const int KeptCapacity = 16 * 1024;

    private Change[] _changes = new Change[256];

    public int Count { get; private set; }

    /// <summary>Where its changes will lie.</summary>
    public StoredPlace Place { get; private set; } = new();

    /// <summary>About how many bytes they take.</summary>
    public long Bytes { get; set; }

    public ReadOnlySpan<Change> Changes => _changes.AsSpan(0, Count);

    public ref Change At(int index) => ref _changes[index];

    /// <summary>Adds a change, to be filled in.</summary>
    /// <returns>Its index.</returns>
    public int Add()
    {
        if (Count == _changes.Length)
        {
            Array.Resize(ref _changes, 2 * Count);
        }

        return Count++;
    }

    /// <summary>Forgets everything, to be used again.</summary>
    public void Clear()
    {
        if (_changes.Length > KeptCapacity)
        {
            _changes = new Change[KeptCapacity];
        }
        else
        {
            _changes.AsSpan(0, Count).Clear();
        }

        Count = 0;
        Bytes = 0;
        Place = new StoredPlace();
    }
}
