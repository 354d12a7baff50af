using Cassini.Harness.Verdicts;
using Cassini.Streams.Events;

namespace Cassini.Harness.Health;

/// <summary>
/// Follows every broker's health during a run and stops it the moment one leaves what the plan allows, unless a fault that the plan
/// asked for is to be tolerated: then at the end of that time, if it still is so.
/// </summary>
internal sealed class HealthGuard(HealthStatus allow, RunStop stop, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<HealthTransition> _transitions = [];
    private readonly Dictionary<string, BrokerCondition> _now = [];
    private readonly Dictionary<string, long> _tolerateUntil = [];
    private readonly List<IDisposable> _owned = [];
    private readonly long _began = time.GetTimestamp();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Told of every change, outside any lock.</summary>
    public event Action<BrokerCondition>? Changed;

    public IReadOnlyList<HealthTransition> Transitions
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

    /// <summary>From now on for this long a broker may be as it is.</summary>
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
    /// Ends when every broker is again as the plan allows: what a fault broke must be whole before the run can be called passed. If it does
    /// not mend in the time that is tolerated, the run is stopped.
    /// </summary>
    /// <param name="say">Told what is waited for.</param>
    /// <param name="cancellation">The run's stop.</param>
    public async Task RecoveredAsync(Action<string> say, CancellationToken cancellation)
    {
        var isTold = false;
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

            if (!isTold)
            {
                say($"waiting for {string.Join(", ", broken)} to be well again");
                isTold = true;
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
            _transitions.Add(new HealthTransition(time.GetElapsedTime(_began), condition, isTolerated));
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
                // Of several faults the last one's time counts, and a timer may come a little early.
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

    /// <summary>No evidence is as bad as bad evidence.</summary>
    private static int Severity(HealthStatus status) => status switch
    {
        HealthStatus.Ok or HealthStatus.Off => 0,
        HealthStatus.Degraded => 1,
        _ => 2,
    };

    private static string Word(HealthStatus status) => status.ToString().ToLowerInvariant();
}

/// <param name="At">When, from the moment the brokers were ready.</param>
/// <param name="Condition">What it turned to.</param>
/// <param name="Tolerated">Whether a fault was being tolerated.</param>
internal sealed record HealthTransition(TimeSpan At, BrokerCondition Condition, bool Tolerated);
