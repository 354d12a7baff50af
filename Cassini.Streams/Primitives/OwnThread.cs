namespace Cassini.Streams.Primitives;

/// <summary>
/// Runs an asynchronous loop, with everything in it that continues after a wait, on a thread of its own: it does not wait for threads
/// that others occupy. What it awaits with <c>ConfigureAwait(false)</c> is excepted, and so is what it starts with <c>Task.Run</c>.
/// </summary>
internal sealed class OwnThread : TaskScheduler
{
    /// <summary>
    /// And its own lock, to wait on: a BlockingCollection spins before each wait, for longer than most of what runs here takes.
    /// </summary>
    private readonly Queue<Task> _queue = [];
    private readonly Thread _thread;
    private bool _isComplete;

    private OwnThread(string name)
    {
        _thread = new Thread(Run) { Name = name, IsBackground = true };
        _thread.Start();
    }

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs a loop until it ends, and its thread as long.</summary>
    /// <param name="name">The name of the thread.</param>
    /// <param name="loop">The loop.</param>
    /// <returns>Ends as the loop does.</returns>
    public static Task RunAsync(string name, Func<Task> loop)
    {
        var own = new OwnThread(name);
        var running = Task.Factory.StartNew(loop, CancellationToken.None, TaskCreationOptions.DenyChildAttach, own).Unwrap();
        _ = running.ContinueWith(
            static (_, state) => ((OwnThread)state!).Complete(),
            own,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            Default);
        return running;
    }

    protected override void QueueTask(Task task)
    {
        lock (_queue)
        {
            if (!_isComplete)
            {
                _queue.Enqueue(task);
                Monitor.Pulse(_queue);
                return;
            }
        }

        // The loop has ended, but something that it began has not.
        ThreadPool.UnsafeQueueUserWorkItem(
            static item => item.Own.TryExecuteTask(item.Task), (Own: this, Task: task), preferLocal: false);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        Thread.CurrentThread == _thread && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_queue)
        {
            return _queue.ToArray();
        }
    }

    private void Run()
    {
        while (TryTake() is { } task)
        {
            TryExecuteTask(task);
        }
    }

    /// <returns>The next task; null when none will come.</returns>
    private Task? TryTake()
    {
        lock (_queue)
        {
            while (_queue.Count == 0 && !_isComplete)
            {
                Monitor.Wait(_queue);
            }

            return _queue.TryDequeue(out var next) ? next : null;
        }
    }

    private void Complete()
    {
        lock (_queue)
        {
            _isComplete = true;
            Monitor.Pulse(_queue);
        }
    }
}
