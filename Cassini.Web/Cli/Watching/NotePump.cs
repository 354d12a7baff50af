using System.Reactive.Disposables;
using System.Threading.Channels;
using Cassini.Harness;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Watching;

/// <summary>Brings the notes of a feed to an output, which may be slow, until it is interrupted.</summary>
/// <typeparam name="TNote">The notes.</typeparam>
/// <param name="context">The process.</param>
/// <param name="name">What is followed, for people.</param>
/// <param name="notes">The feed.</param>
/// <param name="show">Shows a note; false ends the command with an error.</param>
internal sealed class NotePump<TNote>(CliContext context, string name, IObservable<TNote> notes, Func<TNote, Task<bool>> show)
    where TNote : class
{
    /// <summary>How far the output may be behind the feed, in notes.</summary>
    private const int MostWaiting = 4_096;

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync()
    {
        try
        {
            while (true)
            {
                if (await FollowOnceAsync() is { } exitCode)
                {
                    return exitCode;
                }

                context.Complain($"{name}: the output was {MostWaiting} notes behind; the feed is opened again, and events are missing");
            }
        }
        catch (OperationCanceledException) when (context.Signals.Stop.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
    }

    /// <summary>
    /// One subscription. The feed never waits for the output: when the output is too far behind, the subscription ends, and the next one
    /// begins with the whole state.
    /// </summary>
    /// <returns>The exit code; null when the output was too far behind.</returns>
    private async Task<int?> FollowOnceAsync()
    {
        var waiting = Channel.CreateBounded<TNote>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, SingleWriter = true });

        // Disposed first: what it feeds outlives it.
        using var subscription = new SingleAssignmentDisposable();
        subscription.Disposable = notes.Subscribe(
            note =>
            {
                if (!waiting.Writer.TryWrite(note))
                {
                    subscription.Dispose();
                    waiting.Writer.TryComplete();
                }
            },
            failure => waiting.Writer.TryComplete(failure),
            () => waiting.Writer.TryComplete());
        await foreach (var note in waiting.Reader.ReadAllAsync(context.Signals.Stop))
        {
            if (!await show(note))
            {
                return ExitCode.Error;
            }
        }

        return null;
    }
}
