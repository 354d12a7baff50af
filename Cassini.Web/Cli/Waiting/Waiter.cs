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
        var delay = new RetryDelay(Random.Shared);
        var hold = TimeSpan.Zero; // The first look is for the reason.
        while (true)
        {
            var asked = time.GetTimestamp();
            var answer = await client.AskAsync(target, goal, hold, cancellation);
            if (answer.Holds)
            {
                Say(target, answer.Text, $"{answer.Text} after {DurationText.Seconds(time.GetElapsedTime(_began))}");
                return;
            }

            Say(target, answer.Text, $"waiting: {answer.Text}");

            if (answer.Reachable)
            {
                delay.Reset();

                // A server that answers at once (it is degraded, full, or no Cassini) is asked again after a pause.
                if (hold > TimeSpan.Zero && time.GetElapsedTime(asked) < hold)
                {
                    await Task.Delay(interval, time, cancellation);
                }

                hold = Hold;
            }
            else
            {
                hold = TimeSpan.Zero;
                await Task.Delay(delay.Next(), time, cancellation);
            }
        }
    }

    /// <summary>Those that became ready first may have ceased to be while others took their time.</summary>
    private async Task<bool> AllHoldAsync(IReadOnlyList<WaitTarget> targets, CancellationToken cancellation)
    {
        var answers = await Task.WhenAll(targets.Select(target => client.AskAsync(target, goal, TimeSpan.Zero, cancellation)));
        return answers.All(answer => answer.Holds);
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
