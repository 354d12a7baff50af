namespace Cassini.Tests.Support;

/// <summary>
/// Waits for a condition that other threads bring about. The deadline's message names the step and shows what was seen
/// last, so that a red build says what it was waiting for. What the observation throws is a failure at once.
/// </summary>
internal static class Eventually
{
    /// <summary>
    /// Generous: it is only ever waited out by a test that fails, and a machine with other work may stand still for many seconds.
    /// </summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until <paramref name="condition"/> holds.</summary>
    public static Task HoldsAsync(string step, Func<bool> condition, TimeSpan? within = null, TimeProvider? time = null) =>
        BecomesAsync(step, condition, static holds => holds, within, time);

    /// <summary>Waits until what is observed satisfies <paramref name="condition"/>, and returns it.</summary>
    public static Task<T> BecomesAsync<T>(
        string step, Func<T> observe, Func<T, bool> condition, TimeSpan? within = null, TimeProvider? time = null) =>
        BecomesAsync(step, () => new ValueTask<T>(observe()), condition, within, time);

    /// <summary>The same for what takes an await to observe, such as a request.</summary>
    public static async Task<T> BecomesAsync<T>(
        string step, Func<ValueTask<T>> observe, Func<T, bool> condition, TimeSpan? within = null, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        var deadline = within ?? Deadline;
        var began = time.GetTimestamp();
        var pause = TimeSpan.FromMilliseconds(1);
        while (true)
        {
            // The time is read before the observation: a slow machine always gets one look after the deadline.
            var late = time.GetElapsedTime(began) >= deadline;
            var seen = await observe();
            if (condition(seen))
            {
                return seen;
            }

            if (late)
            {
                throw new TimeoutException($"{step}: not within {deadline.TotalSeconds} s; last seen: {Text(seen)}.");
            }

            await Task.Delay(pause, time, TestContext.Current.CancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Waits for a task. Like WaitAsync, with a message that names the step.</summary>
    public static async Task<T> CompletesAsync<T>(string step, Task<T> task, TimeSpan? within = null, TimeProvider? time = null)
    {
        await CompletesAsync(step, (Task)task, within, time);
        return await task;
    }

    /// <summary>Waits for a task. Like WaitAsync, with a message that names the step.</summary>
    public static async Task CompletesAsync(string step, Task task, TimeSpan? within = null, TimeProvider? time = null)
    {
        var deadline = within ?? Deadline;
        try
        {
            await task.WaitAsync(deadline, time ?? TimeProvider.System, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw new TimeoutException($"{step}: not within {deadline.TotalSeconds} s; the task is {task.Status}.");
        }
    }

    private static string Text<T>(T seen) => seen switch
    {
        null => "null",
        string text => text,
        System.Collections.IEnumerable items => $"[{string.Join(", ", items.Cast<object?>())}]",
        _ => seen.ToString() ?? "null",
    };
}
