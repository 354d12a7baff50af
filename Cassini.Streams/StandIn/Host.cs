#pragma warning disable CS1591
using System.Reactive.Concurrency;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Listening;
using Cassini.Streams.Probing;
using Cassini.Streams.Supervision;
using Cassini.Streams.Tls;
using Microsoft.Extensions.Logging;

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
        private readonly CertificateStore _certificates;
        private readonly CancellationTokenSource _stop = new();
        private readonly TimeProvider _time;
        private Task _heartbeats = Task.CompletedTask;

        public BrokerHost(CassiniOptions options, IConnectionHandler handler, TimeProvider time, ILoggerFactory loggers)
        {
            _time = time;
            Options = options;
            Hub = new EventHub(time, options.Hub);
            Health = new HealthProjection(Hub, options.Health, TaskPoolScheduler.Default, "0.1.0", options.Management.FeedHeartbeat);
            Sessions = new LiveSessions(Hub);
            _certificates = new CertificateStore(options.Tls!, Hub, time, loggers.CreateLogger<CertificateStore>());
            var supervisor = new Supervisor(Hub, time, loggers.CreateLogger("Supervisor"));
            Listeners = new ListenerManager(
                options.Listener, new RestartPolicy(), _certificates, handler, supervisor, Hub, time, loggers.CreateLogger<ListenerManager>());
        }

        public CassiniOptions Options { get; }

        public EventHub Hub { get; }

        public HealthProjection Health { get; }

        public LiveSessions Sessions { get; }

        public ListenerManager Listeners { get; }

        public async Task StartAsync(CancellationToken cancellation)
        {
            Hub.Publish(new PhaseEntered(Phase.Starting));
            _certificates.Load();
            await Listeners.StartAsync(cancellation);
            Hub.Publish(new CanaryDisabled("stand-in"));
            await BeatAsync();
            _heartbeats = HeartbeatsAsync();
            Hub.Publish(new PhaseLeft(Phase.Starting, PhaseOutcome.Completed, Hub.Elapsed));
            Hub.Publish(new PhaseEntered(Phase.Ready));
        }

        public async Task StopAsync(CancellationToken cancellation)
        {
            Hub.Publish(new PhaseEntered(Phase.Draining));
            await _stop.CancelAsync();
            await _heartbeats;
            await Listeners.StopAsync(cancellation);
            Hub.Publish(new PhaseEntered(Phase.Stopped));
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _heartbeats;
            await Listeners.DisposeAsync();
            Health.Dispose();
            await Hub.CompleteAsync();
        }

        private async Task HeartbeatsAsync()
        {
            try
            {
                while (true)
                {
                    await Task.Delay(TimeSpan.FromSeconds(1), _time, _stop.Token);
                    await BeatAsync();
                }
            }
            catch (OperationCanceledException)
            {
                // Stopped.
            }
        }

        private async Task BeatAsync()
        {
            var report = await Listeners.PingAsync(_stop.Token);
            Hub.Publish(new HeartbeatReceived(TimeSpan.Zero, report.LiveConnections, report.CountedAt));
            foreach (var endpoint in Options.Listener.Endpoints)
            {
                Hub.Publish(new AcceptProbed(endpoint.ToString(), TimeSpan.Zero));
            }
        }
    }
}
