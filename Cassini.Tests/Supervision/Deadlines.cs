namespace Cassini.Tests.Supervision;

/// <summary>Deadlines that name the step that missed them.</summary>
internal static class Deadlines
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public static async Task Within(this Task task, string step)
    {
        try
        {
            await task.WaitAsync(Deadline, TimeProvider.System, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw new TimeoutException($"{step}: not within {Deadline}");
        }
    }

    public static async Task<T> Within<T>(this Task<T> task, string step)
    {
        await ((Task)task).Within(step);
        return await task;
    }

    public static Task<T> Within<T>(this ValueTask<T> task, string step) => task.AsTask().Within(step);
}
