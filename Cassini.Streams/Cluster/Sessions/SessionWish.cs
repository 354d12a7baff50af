namespace Cassini.Streams.Cluster.Sessions;

/// <summary>A client of this node has connected and wants its session. Thread-safe.</summary>
/// <param name="stamp">The stamp of the claim: the later one of two nodes holds.</param>
/// <param name="version">The version with which peers know of it.</param>
internal sealed class SessionWish(long stamp, long version)
{
    private const int Open = 0;
    private const int Granted = 1;
    private const int Lost = 2;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    public long Stamp => stamp;

    public long Version => version;

    /// <summary>Ends when the client was attached, or was not.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Whether another node has a later one, and this one is not granted.</summary>
    public bool IsLost => Volatile.Read(ref _state) == Lost;

    /// <summary>Whether a connection to another node was closed for it.</summary>
    public bool HasTakenOver { get; set; }

    /// <summary>Whether a session has come for it.</summary>
    public bool HasBrought { get; set; }

    /// <summary>Grants it.</summary>
    /// <returns>False when another node was faster.</returns>
    public bool TryGrant() => Interlocked.CompareExchange(ref _state, Granted, Open) == Open;

    /// <summary>Another node has a later one: the client is refused, unless it was granted already.</summary>
    public void Lose() => Interlocked.CompareExchange(ref _state, Lost, Open);

    public void End() => _ended.TrySetResult();
}
