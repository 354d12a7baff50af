namespace Cassini.Load;

/// <summary>A thread that keeps the exception that ended it.</summary>
internal sealed class Worker
{
    private readonly Thread _thread;
    private volatile Exception? _failure;

    public Worker(string name, Action run)
    {
        _thread = new Thread(() =>
        {
            try
            {
                run();
            }
            catch (Exception e) when (e is IOException or LoadException or ObjectDisposedException)
            {
                _failure = e;
            }
        })
        {
            IsBackground = true,
            Name = name,
        };
        _thread.Start();
    }

    /// <summary>Null when nothing failed.</summary>
    public Exception? Failure => _failure;

    public bool Join(TimeSpan within) => _thread.Join(within);
}
