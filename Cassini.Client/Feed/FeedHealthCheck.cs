using System.Reactive.Disposables;
using Cassini.Streams.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Cassini.Streams.Feed;

/// <summary>
/// The health of a remote broker as a health check. It follows the broker's feed from the application's start, or from the first check
/// where nothing starts it, to its disposal: a check reads the newest health, at once and without I/O. Any thread.
/// </summary>
/// <param name="feed">The feed, which it disposes.</param>
/// <param name="probe">The verdict that decides whether the check fails.</param>
internal sealed class FeedHealthCheck(HealthFeed feed, CassiniProbe probe) : IHealthCheck, IHostedService, IDisposable
{
    private readonly SingleAssignmentDisposable _subscription = new();
    private bool _isFollowing;
    private volatile HealthSnapshot _current = UnknownHealth.Never(FeedLoss.NotConnected, "not reached yet");

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        Follow();
        return Task.FromResult(HealthCheckResults.Of(_current, probe, context.Registration.FailureStatus));
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Follow();
        return Task.CompletedTask;
    }

    /// <summary>Does nothing: checks are answered until the application's services are disposed, and so the feed is followed.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends the subscription and the feed. A further call does nothing.</summary>
    public void Dispose()
    {
        _subscription.Dispose();
        feed.Dispose();
    }

    private void Follow()
    {
        if (!Interlocked.Exchange(ref _isFollowing, true))
        {
            _subscription.Disposable = feed.Snapshots.Subscribe(snapshot => _current = snapshot, Lose);
        }
    }

    private void Lose(Exception failure) => _current = UnknownHealth.After(_current, FeedLoss.Cut, failure.Message);
}
