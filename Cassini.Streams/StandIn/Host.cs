#pragma warning disable CS1591
using System.Reactive.Concurrency;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Listening;
using Cassini.Streams.Probing;
using Cassini.Streams.Tls;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Listening
{
    public interface IConnectionHandler;

    public sealed class DiscardHandler : IConnectionHandler;
}

namespace Cassini.Streams.Probing
{
    public sealed record ProbingOptions
    {
        public string? CanaryCertificatePath { get; init; }

        public string? CanaryKeyPath { get; init; }
    }
}

namespace Cassini.Streams.Hosting
{
    public sealed record CassiniOptions
    {
        public ListenerOptions Listener { get; init; } = new() { Endpoints = [new(System.Net.IPAddress.Loopback, 8883)] };

        public TlsOptions? Tls { get; init; }

        public ProbingOptions Probing { get; init; } = new();

        public HealthPolicy Health { get; init; } = new();

        public EventHubOptions Hub { get; init; } = new();

        public ManagementOptions Management { get; init; } = new();

        public string? DataDirectory { get; init; }
    }

    public sealed record ManagementOptions
    {
        public string Address { get; init; } = "127.0.0.1:9090";

        public int MaxFeeds { get; init; } = 1024;

        public TimeSpan FeedHeartbeat { get; init; } = TimeSpan.FromSeconds(15);

        public bool EnableFaults { get; init; }

        public int MaxWaits { get; init; } = 1024;
    }

    public static class CassiniOptionsValidator
    {
        public static IReadOnlyList<string> Validate(CassiniOptions options)
        {
            var errors = new List<string>();
            if (options.Listener.Backlog is < 1 or > 65535)
            {
                errors.Add($"Listener:Backlog: {options.Listener.Backlog} is not within 1 to 65,535");
            }

            if (options.Health.Hold < TimeSpan.Zero || options.Health.Hold > TimeSpan.FromHours(1))
            {
                errors.Add($"Health:Hold: {options.Health.Hold} is not within 0 to 1 h");
            }

            return errors;
        }
    }

    public sealed class BrokerHost : IAsyncDisposable
    {
        public BrokerHost(CassiniOptions options, IConnectionHandler handler, TimeProvider time, ILoggerFactory loggers)
        {
            Options = options;
            Hub = new EventHub(time, options.Hub);
            Health = new HealthProjection(Hub, options.Health, ThreadPoolScheduler.Instance, "0.1.0", options.Management.FeedHeartbeat);
        }

        public CassiniOptions Options { get; }

        public EventHub Hub { get; }

        public HealthProjection Health { get; }

        public Task StartAsync(CancellationToken cancellation)
        {
            foreach (var endpoint in Options.Listener.Endpoints)
            {
                Hub.Publish(new ListenerConfigured(endpoint.ToString()));
                Hub.Publish(new ListenerBound(endpoint.ToString(), endpoint.ToString()));
            }

            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;

        public async ValueTask DisposeAsync() => await Hub.CompleteAsync();
    }
}
