namespace Cassini.Streams.Cluster.Sessions;

/// <summary>A piece of a session that is to come.</summary>
/// <param name="number">Its number.</param>
internal sealed class WantedPiece(int number)
{
    public int Number => number;

    /// <summary>The piece, and whether it is the last one.</summary>
    public TaskCompletionSource<(byte[] Body, bool IsLast)> Come { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
