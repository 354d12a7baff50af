using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;

namespace Cassini.Web.Systemd;

/// <summary>
/// Notifies the service manager of the broker's health, as one more reader of it: READY=1 when it is ready for the first time, STATUS= at
/// each change, STOPPING=1 when it drains, and WATCHDOG=1 for as long as /livez would answer 200. While it recovers it asks for more time
/// to start: a manager that ended it would make it begin again.
/// </summary>
/// <param name="health">What it reads.</param>
/// <param name="socket">Where it sends.</param>
/// <param name="watchdog">The time within which the manager expects a sign that the process works; null when it expects none.</param>
/// <param name="longestStop">How long a stop may take, from its first phase to the end of the process.</param>
/// <param name="time">The one clock.</param>
/// <param name="logger">Where it logs what kept a notification from being sent.</param>
internal sealed class SystemdNotifier(
    HealthProjection health, NotifySocket socket, TimeSpan? watchdog, TimeSpan longestStop, TimeProvider time, ILogger logger)
{
    /// <summary>How often it is looked whether it still recovers, unless the manager wants a sign more often.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>How much time a recovery asks for each time: far more than the pause, for a busy machine.</summary>
    private static readonly TimeSpan RecoveryTime = TimeSpan.FromMinutes(2);

    private volatile bool _isReadySent;
    private bool _isStoppingSent;
    private bool _isLiveSent;

    /// <summary>Notifies until the end, and then of the last change.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        using var turn = new SemaphoreSlim(1, 1);
        await Task.WhenAll(NotifyAsync(turn, end), PingAsync(turn, end));
    }

    /// <summary>
    /// A reload begins, by the manager's order or another's. The manager is not notified of it while the service still starts or stops:
    /// READY=1 at its end would not be true.
    /// </summary>
    /// <returns>Whether the manager was notified, and so waits for <see cref="ReloadedAsync"/>.</returns>
    public async Task<bool> ReloadingAsync()
    {
        if (!_isReadySent || IsStopping(health.Current))
        {
            return false;
        }

        // Of CLOCK_MONOTONIC, which the manager compares with the time of its signal; it is what the system's TimeProvider reads.
        var microseconds = (Int128)time.GetTimestamp() * 1_000_000 / time.TimestampFrequency;
        await socket.SendAsync("RELOADING=1", string.Create(CultureInfo.InvariantCulture, $"MONOTONIC_USEC={microseconds}"));
        return true;
    }

    /// <summary>The reload is over. What it brought is in the status. Not sent during a stop: READY=1 would not be true.</summary>
    public Task ReloadedAsync() =>
        IsStopping(health.Current) ? Task.CompletedTask : socket.SendAsync("READY=1", StatusOf(health.Current));

    private static string StatusOf(HealthSnapshot snapshot) => $"STATUS={StatusLine.Of(snapshot)}";

    private static bool IsStopping(HealthSnapshot snapshot) => snapshot.Phase is Phase.Draining or Phase.Stopped;

    private async Task NotifyAsync(SemaphoreSlim turn, CancellationToken end)
    {
        await foreach (var snapshot in health.ReadChangesUntilAsync(end))
        {
            await SendInTurnAsync(turn, CancellationToken.None, async () =>
            {
                await socket.SendAsync([StatusOf(snapshot), .. FirstTimes(snapshot)]);
                _isLiveSent = snapshot.Live;
            });
        }
    }

    private async Task PingAsync(SemaphoreSlim turn, CancellationToken end)
    {
        // At half of the manager's time, as sd_watchdog_enabled(3) recommends, but before the time that a recovery asked for is over.
        using var timer = new PeriodicTimer(watchdog / 2 is { } half && half < LongestPause ? half : LongestPause, time);
        try
        {
            do
            {
                // The status goes first: no ping follows one that says that the broker is not live.
                await SendInTurnAsync(
                    turn, end, () => _isLiveSent && health.Current.Live ? SendSignAsync() : Task.CompletedTask);
            }
            while (await timer.WaitForNextTickAsync(end));
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }

    private Task SendSignAsync() => (watchdog, IsRecovering(health.Current)) switch
    {
        (null, false) => Task.CompletedTask,
        (null, true) => socket.SendAsync(Extend(RecoveryTime)),
        (_, false) => socket.SendAsync("WATCHDOG=1"),
        (_, true) => socket.SendAsync("WATCHDOG=1", Extend(RecoveryTime)),
    };

    private bool IsRecovering(HealthSnapshot snapshot) => snapshot.Phase == Phase.Recovering && !_isReadySent;

    private static string Extend(TimeSpan span) =>
        string.Create(CultureInfo.InvariantCulture, $"EXTEND_TIMEOUT_USEC={(long)span.TotalMicroseconds}");

    /// <summary>A failure ends neither the turn nor the loop: without pings the manager would end a broker that works.</summary>
    private async Task SendInTurnAsync(SemaphoreSlim turn, CancellationToken end, Func<Task> send)
    {
        await turn.WaitAsync(end);
        try
        {
            await send();
        }
        catch (Exception failure)
        {
            SystemdLog.NotNotified(logger, failure);
        }
        finally
        {
            turn.Release();
        }
    }

    private IEnumerable<string> FirstTimes(HealthSnapshot snapshot)
    {
        if (IsRecovering(snapshot))
        {
            yield return Extend(RecoveryTime);
        }

        if (snapshot.Ready && !_isReadySent)
        {
            _isReadySent = true;
            yield return "READY=1";
        }

        if (IsStopping(snapshot) && !_isStoppingSent)
        {
            _isStoppingSent = true;
            yield return "STOPPING=1";

            // This never shortens the manager's own limit, TimeoutStopSec.
            yield return Extend(longestStop);
        }
    }
}
