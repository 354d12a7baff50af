namespace Cassini.Streams.Hosting;

/// <summary>The heap of this process.</summary>
internal sealed class ManagedHeap : IHeap
{
    public static readonly ManagedHeap Instance = new();

    private ManagedHeap()
    {
    }

    public long LastFull => Math.Max(GC.GetGCMemoryInfo(GCKind.Background).Index, GC.GetGCMemoryInfo(GCKind.FullBlocking).Index);

    public long Used => GC.GetTotalMemory(forceFullCollection: false);

    public long Committed => GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;

    public long Allocated => GC.GetTotalAllocatedBytes(precise: false);

    public void CollectInBackground() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false, compacting: false);
}
