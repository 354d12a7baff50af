using System.Collections.Concurrent;

namespace Cassini.Web.Cli.Waiting;

/// <summary>Waits until every target is as wanted, and says whenever what it waits for changes.</summary>
internal sealed class Waiter(WaitGoal goal, TimeSpan interval, HealthClient client, TextWriter output, TimeProvider time)
{
    /// <summary>How long a server may hold a request: also how old a printed reason may become.</summary>
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(10);

    private readonly long _began = time.GetTimestamp();
    private readonly TextWriter _output = TextWriter.Synchronized(output);
    private readonly ConcurrentDictionary<WaitTarget, string> _said = new();

    /// <summary>Ends when all of them hold at once; else by cancellation.</summary>
    public async Task WaitForAllAsync(IReadOnlyList<WaitTarget> targets, CancellationToken cancellation)
    {
        do
        {
            await Task.WhenAll(targets.Select(target => WaitForAsync(target, cancellation)));
        }
        while (targets.Count > 1 && !await AllHoldAsync(targets, cancellation));
    }

    private async Task WaitForAsync(WaitTarget target, CancellationToken cancellation)
    {
        var retry = new RetryDelay(Random.Shared);
        var hold = TimeSpan.Zero; // The first look is for the reason.
        var mayHold = true;
        while (true)
        {
            var asked = time.GetTimestamp();
            var answer = await client.AskAsync(target, goal, hold, cancellation);
            switch (answer.Kind)
            {
                case AnswerKind.Yes:
                    Say(target, answer.Text, $"{answer.Text} after {DurationText.Seconds(time.GetElapsedTime(_began))}");
                    return;

                // A Cassini with too many waits refuses to hold a request, and still answers at once.
                case AnswerKind.Strange when hold > TimeSpan.Zero:
                    (hold, mayHold) = (TimeSpan.Zero, false);
                    await Task.Delay(interval, time, cancellation);
                    break;

                case AnswerKind.No when mayHold:
                    Say(target, answer.Text, $"waiting: {answer.Text}");
                    await Task.Delay(PauseAfter(asked, hold), time, cancellation);
                    hold = Hold;
                    retry.Reset();
                    break;

                case AnswerKind.None:
                    Say(target, answer.Text, $"waiting: {answer.Text}");
                    (hold, mayHold) = (TimeSpan.Zero, true);
                    await Task.Delay(retry.Next(), time, cancellation);
                    break;

                default:
                    Say(target, answer.Text, $"waiting: {answer.Text}");
                    await Task.Delay(interval, time, cancellation);
                    break;
            }
        }
    }

    /// <summary>A server that answers a request at once that it was to hold (it is degraded, or stops) is not pestered.</summary>
    private TimeSpan PauseAfter(long asked, TimeSpan hold)
    {
        var early = interval - time.GetElapsedTime(asked);
        return hold > TimeSpan.Zero && early > TimeSpan.Zero ? early : TimeSpan.Zero;
    }

    /// <summary>Those that became ready first may have ceased to be while others took their time.</summary>
    private async Task<bool> AllHoldAsync(IReadOnlyList<WaitTarget> targets, CancellationToken cancellation)
    {
        var answers = await Task.WhenAll(targets.Select(target => client.AskAsync(target, goal, TimeSpan.Zero, cancellation)));
        return answers.All(answer => answer.Kind == AnswerKind.Yes);
    }

    private void Say(WaitTarget target, string answer, string line)
    {
        if (_said.GetValueOrDefault(target) != answer)
        {
            _said[target] = answer;
            _output.WriteLine($"{target.Name}: {line}");
        }
    }
}
