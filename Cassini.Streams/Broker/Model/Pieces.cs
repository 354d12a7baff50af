namespace Cassini.Streams.Broker.Model;

/// <summary>Cuts a long walk of the broker's own into slices: others have the thread between them. For one thread at a time.</summary>
internal sealed class Pieces(TimeProvider time)
{
    private WorkSlice _slice = new(time);

    /// <summary>Work was done: gives the thread to others when the slice is over.</summary>
    public async ValueTask TakeAsync(int steps)
    {
        _slice.Take(steps);
        if (_slice.IsOver)
        {
            await Task.Yield();
            _slice = new WorkSlice(time);
        }
    }
}
