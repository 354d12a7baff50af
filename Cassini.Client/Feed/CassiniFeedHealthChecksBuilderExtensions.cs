using Cassini.Streams.Feed;
using Cassini.Streams.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health of remote brokers to an application's health checks.</summary>
public static class CassiniFeedHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds the health of a remote broker, by its feed. The application follows it by one <see cref="HealthFeed"/> from its start to its
    /// end, and a check reads the newest health without I/O. While the feed is lost, also before it is first connected, the check fails:
    /// its data and description have the reason, such as <c>Unreachable</c> of the check <c>feed</c>.
    /// </summary>
    /// <param name="builder">The application's health checks.</param>
    /// <param name="management">The broker's management address: <c>http://host:port</c>, or https.</param>
    /// <param name="name">The check's name, its own for each broker. Default <c>cassini-feed</c>.</param>
    /// <param name="options">How to follow the feed, such as with which token; the defaults when null.</param>
    /// <param name="probe">The verdict that decides whether the check fails. Default: whether new clients can be served.</param>
    /// <param name="failureStatus">The status of a failure. Default null: <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags for filters. Default: none.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">The address is not absolute, or not http or https.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public static IHealthChecksBuilder AddCassiniFeed(
        this IHealthChecksBuilder builder,
        Uri management,
        string name = "cassini-feed",
        HealthFeedOptions? options = null,
        CassiniProbe probe = CassiniProbe.Ready,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        HealthFeed.Check(management, options);
        builder.Services.AddKeyedSingleton(name, (_, _) => new FeedHealthCheck(new HealthFeed(management, options), probe));
        builder.Services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<FeedHealthCheck>(name));
        return builder.Add(new HealthCheckRegistration(
            name, provider => provider.GetRequiredKeyedService<FeedHealthCheck>(name), failureStatus, tags));
    }
}
