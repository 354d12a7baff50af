namespace Cassini.Streams.Primitives;

internal static class TaskObserver
{
    /// <summary>Reports the failure of a task that is not awaited, now or when it fails, to <paramref name="report"/>.</summary>
    public static void Observe(Task task, Action<Exception> report) => _ = task.ContinueWith(
        static (ended, state) => ((Action<Exception>)state!)(ended.Exception!.InnerException!),
        report,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
