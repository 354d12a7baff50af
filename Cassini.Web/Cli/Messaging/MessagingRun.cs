using Cassini.Harness;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Messaging;

/// <summary>Runs a client's work and turns its result into an exit code.</summary>
internal static class MessagingRun
{
    /// <param name="context">Where errors are written, and the signals that interrupt.</param>
    /// <param name="timeout">The end; null is none.</param>
    /// <param name="work">The work.</param>
    public static async Task<int> ExitCodeAsync(CliContext context, TimeSpan? timeout, Func<CancellationToken, Task> work)
    {
        using var deadline = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan, context.Time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, context.Signals.Stop);
        try
        {
            await work(end.Token);
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (context.Signals.Stop.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            context.Complain($"timed out after {DurationText.Seconds(timeout!.Value)}");
            return ExitCode.TimedOut;
        }
    }
}
