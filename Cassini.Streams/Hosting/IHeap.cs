namespace Cassini.Streams.Hosting;

/// <summary>The managed heap, as far as <see cref="MemoryReturn"/> looks at it and acts on it.</summary>
internal interface IHeap
{
    /// <summary>The number of the last full collection that has ended.</summary>
    long LastFull { get; }

    /// <summary>The bytes of objects, with those that became garbage after the last collection.</summary>
    long Used { get; }

    /// <summary>The bytes that the heap has from the system.</summary>
    long Committed { get; }

    /// <summary>The bytes of all objects that were ever made.</summary>
    long Allocated { get; }

    /// <summary>Starts a full collection that hardly stops the program; returns before it has ended.</summary>
    void CollectInBackground();
}
