using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Web.Systemd;

/// <summary>
/// Tells the service manager how the broker fares, as one more reader of its health: READY=1 when it is ready for the first time,
/// STATUS= at each change, STOPPING=1 when it drains, and WATCHDOG=1 for as long as the projection is fresh enough for /livez.
/// </summary>
/// <param name="health">What it reads.</param>
/// <param name="socket">Where it tells.</param>
/// <param name="watchdog">Within which time the manager wants to hear from a process that is well; null when it does not.</param>
/// <param name="longestStop">How long a stop may take, from its first phase to the end of the process.</param>
/// <param name="time">The one clock.</param>
internal sealed class SystemdNotifier(
    HealthProjection health, NotifySocket socket, TimeSpan? watchdog, TimeSpan longestStop, TimeProvider time)
{
    /// <summary>How often staleness, which is no revision, is looked for.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    private volatile Told _told = Told.Nothing;
    private volatile bool _isReadyTold;
    private bool _isStoppingTold;

    /// <summary>Tells each change until it is cancelled, and then what is still untold.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // At half of the manager's time, as sd_watchdog_enabled(3) recommends.
        var ping = watchdog / 2;
        using var timer = new PeriodicTimer(ping < LookInterval ? ping.Value : LookInterval, time);
        var change = NextChangeAsync(cancellationToken);
        var look = timer.WaitForNextTickAsync(cancellationToken).AsTask();
        var lastPing = time.GetTimestamp();
        await TellAsync(health.Current, isPingDue: ping is not null);
        try
        {
            while (true)
            {
                var first = await Task.WhenAny(change, look);
                await first;
                if (first == look)
                {
                    look = timer.WaitForNextTickAsync(cancellationToken).AsTask();
                }

                // Sooner than due rather than later: the next look may be after it.
                var isPingDue = ping is { } interval && time.GetElapsedTime(lastPing) >= interval - (timer.Period / 2);
                lastPing = isPingDue ? time.GetTimestamp() : lastPing;
                await TellAsync(health.Current, isPingDue);
                if (first == change)
                {
                    change = NextChangeAsync(cancellationToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends, or the projection has: the last words follow.
        }

        await TellAsync(health.Current, isPingDue: false);
    }

    /// <summary>
    /// A reload begins, by the manager's order or another's. Nothing of it is told while the service is started or stopped still: READY=1
    /// at its end would not be true.
    /// </summary>
    /// <returns>Whether the manager was told, and so waits for <see cref="ReloadedAsync"/>.</returns>
    public async Task<bool> ReloadingAsync()
    {
        if (!_isReadyTold || IsStopping(health.Current))
        {
            return false;
        }

        // Of CLOCK_MONOTONIC, which the manager compares with the time of its signal; it is what the system's TimeProvider reads.
        var microseconds = (Int128)time.GetTimestamp() * 1_000_000 / time.TimestampFrequency;
        await socket.SendAsync("RELOADING=1", string.Create(CultureInfo.InvariantCulture, $"MONOTONIC_USEC={microseconds}"));
        return true;
    }

    /// <summary>The reload is over. What it brought is in the status.</summary>
    public Task ReloadedAsync() => socket.SendAsync("READY=1", StatusOf(health.Current));

    private static string StatusOf(HealthSnapshot snapshot) => $"STATUS={StatusLine.Of(snapshot)}";

    private static bool IsStopping(HealthSnapshot snapshot) => snapshot.Phase is Phase.Draining or Phase.Stopped;

    /// <summary>One snapshot decides all: nobody is told that the broker is dead and then that it lives.</summary>
    private async Task TellAsync(HealthSnapshot snapshot, bool isPingDue)
    {
        var told = Told.Of(snapshot);
        if (told != _told)
        {
            _told = told;
            await socket.SendAsync([StatusOf(snapshot), .. FirstTimes(snapshot)]);
        }

        if (isPingDue && snapshot.Live)
        {
            await socket.SendAsync("WATCHDOG=1");
        }
    }

    private IEnumerable<string> FirstTimes(HealthSnapshot snapshot)
    {
        if (snapshot.Ready && !_isReadyTold)
        {
            _isReadyTold = true;
            yield return "READY=1";
        }

        if (IsStopping(snapshot) && !_isStoppingTold)
        {
            _isStoppingTold = true;
            yield return "STOPPING=1";

            // The manager's own patience, TimeoutStopSec, is never shortened by it.
            yield return string.Create(CultureInfo.InvariantCulture, $"EXTEND_TIMEOUT_USEC={(long)longestStop.TotalMicroseconds}");
        }
    }

    private Task NextChangeAsync(CancellationToken cancellationToken) =>
        health.WaitForAsync(snapshot => Told.Of(snapshot) != _told, cancellationToken);

    /// <summary>What must differ for a snapshot to be told.</summary>
    private sealed record Told(long Revision, HealthStatus Status, bool Ready, bool Live, Phase Phase)
    {
        public static readonly Told Nothing = new(-1, HealthStatus.Off, Ready: false, Live: false, Phase.Stopped);

        public static Told Of(HealthSnapshot snapshot) =>
            new(snapshot.Revision, snapshot.Status, snapshot.Ready, snapshot.Live, snapshot.Phase);
    }
}
