using System.Reactive.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Harness.Plans;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;

namespace Cassini.Harness.Health;

/// <summary>A broker's health by its feed.</summary>
internal sealed class FeedBrokerHealth : IBrokerHealth
{
    private readonly PlanBroker _broker;
    private readonly HealthFeed _feed;

    private FeedBrokerHealth(PlanBroker broker, HealthFeedOptions options)
    {
        _broker = broker;
        _feed = new HealthFeed(broker.Management, options);
    }

    public IObservable<BrokerCondition> Conditions => _feed.Snapshots
        .Where(health => !HealthReason.IsConnecting(health))
        .Select(health => new BrokerCondition(_broker.Name, health.Status, health.Ready, HealthReason.Of(health)))
        .DistinctUntilChanged();

    /// <summary>Makes them; with https they are shown the plan's certificate.</summary>
    public static Func<PlanBroker, IBrokerHealth> Factory(TimeProvider time) => broker => new FeedBrokerHealth(broker, OptionsOf(broker, time));

    public async Task WaitUntilReadyAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        try
        {
            await _feed.WaitUntilReadyAsync(timeout, cancellation);
        }
        catch (Streams.Feed.BrokerNotReadyException failure) when (failure.Cause == NotReadyCause.Refused)
        {
            throw new HarnessException(failure.Message, failure);
        }
        catch (Streams.Feed.BrokerNotReadyException failure)
        {
            throw new BrokerNotReadyException(failure.Message, failure.Cause == NotReadyCause.TimedOut);
        }
    }

    public ValueTask DisposeAsync()
    {
        _feed.Dispose();
        return ValueTask.CompletedTask;
    }

    private static HealthFeedOptions OptionsOf(PlanBroker broker, TimeProvider time)
    {
        var options = new HealthFeedOptions
        {
            Time = time,
            Categories = [EventCategory.Health, EventCategory.Lifecycle],
            Token = broker.TokenFile is { } file ? () => TokenOf(file) : null,
        };
        if (broker.Management.Scheme != Uri.UriSchemeHttps)
        {
            return options;
        }

        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(broker.Tls.Ca);
            return options with
            {
                TrustedAuthorities = authorities,
                ClientCertificate = X509Certificate2.CreateFromPemFile(broker.Tls.Cert, broker.Tls.Key),
            };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new HarnessException($"broker {broker.Name}: its certificates cannot be used for https: {failure.Message}", failure);
        }
    }

    /// <summary>A file that cannot be read now is no token: the broker refuses, and that is told.</summary>
    private static string? TokenOf(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
