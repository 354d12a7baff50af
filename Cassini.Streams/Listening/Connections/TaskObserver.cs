namespace Cassini.Streams.Listening.Connections;

internal static class TaskObserver
{
    /// <summary>Hands the failure of a task that nobody awaits, now or when it comes, to <paramref name="report"/>.</summary>
    public static void Observe(Task task, Action<Exception> report) => _ = task.ContinueWith(
        static (ended, state) => ((Action<Exception>)state!)(ended.Exception!.InnerException!),
        report,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
