using Cassini.Harness.Verdicts;
using Cassini.Streams.Events;

namespace Cassini.Harness.Health;

/// <summary>
/// Follows the health of each broker during a run, and stops the run when one becomes worse than the plan allows. While a fault of the plan
/// is tolerated it does not: then it stops the run at the end of that time, if the broker is still worse.
/// </summary>
internal sealed class HealthGuard(HealthStatus allow, RunStop stop, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<ConditionChange> _transitions = [];
    private readonly Dictionary<string, BrokerCondition> _now = [];
    private readonly Dictionary<string, long> _tolerateUntil = [];
    private readonly List<IDisposable> _owned = [];
    private readonly long _began = time.GetTimestamp();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called with each change, outside any lock.</summary>
    public event Action<BrokerCondition>? Changed;

    public IReadOnlyList<ConditionChange> Transitions
    {
        get
        {
            lock (_gate)
            {
                return [.. _transitions];
            }
        }
    }

    public void Follow(string broker, IBrokerHealth health)
    {
        var subscription = health.Conditions.Subscribe(
            Judge, exception => Judge(new BrokerCondition(broker, HealthStatus.Unknown, false, $"the feed failed: {exception.Message}")));
        lock (_gate)
        {
            _owned.Add(subscription);
        }
    }

    /// <summary>For this time, the condition of a broker does not stop the run.</summary>
    public void Tolerate(string broker, TimeSpan span)
    {
        if (span <= TimeSpan.Zero)
        {
            return;
        }

        var until = time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency);
        var timer = time.CreateTimer(_ => JudgeAgain(broker), null, span, Timeout.InfiniteTimeSpan);
        lock (_gate)
        {
            _tolerateUntil[broker] = Math.Max(until, _tolerateUntil.GetValueOrDefault(broker));
            _owned.Add(timer);
        }
    }

    /// <summary>
    /// Ends when each broker is again as the plan allows, because a run passes only if the brokers recover from its faults. A broker that
    /// does not recover in the time that is tolerated stops the run.
    /// </summary>
    /// <param name="say">Called with a line that names the brokers.</param>
    /// <param name="cancellation">The run's stop.</param>
    public async Task RecoveredAsync(Action<string> say, CancellationToken cancellation)
    {
        var isSaid = false;
        while (true)
        {
            Task changed;
            List<string> broken;
            lock (_gate)
            {
                changed = _changed.Task;
                broken = [.. _now.Values
                    .Where(condition => Severity(condition.Status) > Severity(allow))
                    .Select(condition => condition.Broker)];
            }

            if (broken.Count == 0)
            {
                return;
            }

            if (!isSaid)
            {
                say($"waiting for {string.Join(", ", broken)} to recover");
                isSaid = true;
            }

            await changed.WaitAsync(cancellation);
        }
    }

    public void Dispose()
    {
        IDisposable[] owned;
        lock (_gate)
        {
            owned = [.. _owned];
            _owned.Clear();
        }

        foreach (var disposable in owned)
        {
            disposable.Dispose();
        }
    }

    private void Judge(BrokerCondition condition)
    {
        bool isTolerated;
        TaskCompletionSource changed;
        lock (_gate)
        {
            if (_now.GetValueOrDefault(condition.Broker) == condition)
            {
                return;
            }

            _now[condition.Broker] = condition;
            isTolerated = time.GetTimestamp() < _tolerateUntil.GetValueOrDefault(condition.Broker, long.MinValue);
            _transitions.Add(new ConditionChange(time.GetElapsedTime(_began), condition, isTolerated));
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.SetResult();

        Changed?.Invoke(condition);
        if (!isTolerated)
        {
            StopIfWorse(condition);
        }
    }

    private void JudgeAgain(string broker)
    {
        BrokerCondition? condition;
        lock (_gate)
        {
            var rest = time.GetElapsedTime(time.GetTimestamp(), _tolerateUntil[broker]);
            condition = rest <= TimeSpan.Zero ? _now.GetValueOrDefault(broker) : null;
            if (rest > TimeSpan.Zero)
            {
                // Of several faults the latest end counts, and a timer may fire a little early.
                var pause = rest > TimeSpan.FromMilliseconds(1) ? rest : TimeSpan.FromMilliseconds(1);
                _owned.Add(time.CreateTimer(_ => JudgeAgain(broker), null, pause, Timeout.InfiniteTimeSpan));
            }
        }

        if (condition is not null)
        {
            StopIfWorse(condition);
        }
    }

    private void StopIfWorse(BrokerCondition condition)
    {
        if (Severity(condition.Status) > Severity(allow))
        {
            stop.Now(
                Verdict.BrokerUnhealthy,
                $"broker {condition.Broker} is {Word(condition.Status)} and the plan allows {Word(allow)}: {condition.Why}");
        }
    }

    /// <summary>Unknown is as bad as error.</summary>
    private static int Severity(HealthStatus status) => status switch
    {
        HealthStatus.Ok or HealthStatus.Off => 0,
        HealthStatus.Degraded => 1,
        _ => 2,
    };

    private static string Word(HealthStatus status) => status.ToString().ToLowerInvariant();
}

/// <summary>A change of a broker's condition during a run.</summary>
/// <param name="At">The time since the brokers were ready.</param>
/// <param name="Condition">The new condition.</param>
/// <param name="Tolerated">Whether a fault was being tolerated.</param>
internal sealed record ConditionChange(TimeSpan At, BrokerCondition Condition, bool Tolerated);
