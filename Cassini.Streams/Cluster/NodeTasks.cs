namespace Cassini.Streams.Cluster;

/// <summary>
/// Owns what a node does in the background: the failure of one is the failure of the node, and who stops the node waits for them.
/// Thread-safe.
/// </summary>
internal sealed class NodeTasks
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _idle;
    private int _running;
    private Exception? _unheard;
    private bool _isWatched;

    /// <summary>Fails when one of them does, or has since the last call. Each call reports one failure at most.</summary>
    public Task WatchFailures()
    {
        lock (_lock)
        {
            _failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _isWatched = true;
            if (_unheard is { } bug)
            {
                _unheard = null;
                Fail(bug);
            }

            return _failed.Task;
        }
    }

    /// <summary>It is a task of the node.</summary>
    public void Add(Task work)
    {
        lock (_lock)
        {
            _running++;
        }

        _ = ObserveAsync(work);
    }

    /// <summary>Does something on a timer's thread, where a bug would end the process.</summary>
    public void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (Exception bug)
        {
            Fail(bug);
        }
    }

    /// <summary>A bug: it is a crash of the node's service.</summary>
    public void Fail(Exception bug)
    {
        lock (_lock)
        {
            if (_isWatched)
            {
                _isWatched = false;
                _failed.TrySetException(bug);
            }
            else
            {
                _unheard ??= bug;
            }
        }
    }

    /// <summary>Ends when none of them runs any more.</summary>
    public Task WhenIdle()
    {
        lock (_lock)
        {
            return _running == 0
                ? Task.CompletedTask
                : (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private async Task ObserveAsync(Task work)
    {
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The store is closed.
        }
        catch (Exception bug)
        {
            Fail(bug);
        }

        lock (_lock)
        {
            if (--_running == 0)
            {
                _idle?.SetResult();
                _idle = null;
            }
        }
    }
}
