namespace Cassini.Streams.Hosting;

/// <summary>The managed heap, as far as <see cref="MemoryReturn"/> looks at it and acts on it.</summary>
internal interface IHeap
{
    /// <summary>The number of the last full collection that has ended.</summary>
    long LastFull { get; }

    /// <summary>The bytes that are in use, with what became garbage after the last collection.</summary>
    long Used { get; }

    /// <summary>The bytes that the heap has from the system.</summary>
    long Committed { get; }

    /// <summary>Starts a full collection that hardly stops the program; returns before it has ended.</summary>
    void CollectInBackground();

    /// <summary>Compacts the heap and gives the system what is free. The program stands still for that time.</summary>
    void Compact();
}
