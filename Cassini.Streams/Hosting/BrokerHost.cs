using System.Diagnostics;
using System.Reactive.Concurrency;
using System.Reflection;
using Cassini.Streams.Broker;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Probing;
using Cassini.Streams.Supervision;
using Cassini.Streams.Tls;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Hosting;

/// <summary>Wires the rooms together, starts them in order and stops them in reverse.</summary>
public sealed class BrokerHost : IAsyncDisposable
{
    private static readonly TimeSpan FoldPatience = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider _time;
    private readonly EventLoopScheduler _tickThread = new(start => new Thread(start) { Name = "cassini health", IsBackground = true });
    private readonly CertificateStore _certificates;
    private readonly Supervisor _supervisor;
    private readonly Prober _prober;
    private readonly LoadSampler _load;
    private readonly HealthTopic? _healthTopic;
    private readonly CancellationTokenSource _stopRequested = new();
    private readonly CancellationTokenSource _stopEarly = new();
    private readonly CancellationTokenSource _stopHealthTopic = new();
    private readonly CancellationTokenSource _stopServices = new();
    private readonly List<Task> _early = [];
    private readonly List<Task> _services = [];
    private readonly ILogger<BrokerHost> _logger;
    private readonly bool _limitsReduced;
    private readonly Lock _gate = new();
    private PhaseClock _phase;
    private Task _healthTopicEnded = Task.CompletedTask;
    private Task? _stopped;

    /// <summary>Makes an MQTT broker; nothing is bound before <see cref="StartAsync"/>.</summary>
    /// <param name="options">Valid options (<see cref="CassiniOptionsValidator"/>), with <see cref="CassiniOptions.Tls"/> chosen.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has every error.</exception>
    public BrokerHost(CassiniOptions options, TimeProvider time, ILoggerFactory loggers)
        : this(options, null, time, loggers)
    {
    }

    /// <summary>Makes a host of another protocol, with the same health; nothing is bound before <see cref="StartAsync"/>.</summary>
    /// <param name="options">Valid options (<see cref="CassiniOptionsValidator"/>), with <see cref="CassiniOptions.Tls"/> chosen.</param>
    /// <param name="handler">Serves the open connections; null for MQTT.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has every error.</exception>
    public BrokerHost(CassiniOptions options, IConnectionHandler? handler, TimeProvider time, ILoggerFactory loggers)
    {
        var errors = CassiniOptionsValidator.Validate(options);
        if (errors.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, errors), nameof(options));
        }

        var fitted = DescriptorBudget.Fit(options.Listener, DescriptorBudget.Read());
        _limitsReduced = !ReferenceEquals(fitted, options.Listener);
        _logger = loggers.CreateLogger<BrokerHost>();
        options = options with { Listener = fitted };
        Options = options;
        _time = time;
        Hub = new EventHub(time, options.Hub, loggers.CreateLogger<EventHub>());
        Health = new HealthProjection(Hub, options.Health, _tickThread, Version, loggers.CreateLogger<HealthProjection>());
        Sessions = new LiveSessions(Hub);
        var tls = options.Tls ?? throw new ArgumentException("Tls: certificate files are needed", nameof(options));
        _certificates = new CertificateStore(tls, Hub, time, loggers.CreateLogger<CertificateStore>());
        _supervisor = new Supervisor(Hub, time, loggers.CreateLogger<Supervisor>());
        Broker = handler is null
            ? new MqttBroker(options.Broker, Version, Hub, time, loggers.CreateLogger<MqttBroker>(), Spans, options.Telemetry.TraceRatio)
            : null;
        Listeners = new ListenerManager(
            options.Listener, options.Supervision, _certificates, handler ?? Broker!, _supervisor, Hub, time, loggers.CreateLogger<ListenerManager>());
        _prober = new Prober(options.Probing, Listeners, _certificates, Hub, time, loggers.CreateLogger<Prober>(), speaksMqtt: Broker is not null);
        _load = new LoadSampler(Listeners, Broker, Hub, time);
        _healthTopic = Broker is null ? null : new HealthTopic(Health, Broker);
        _phase = PhaseClock.Enter(Phase.Starting, Hub, time);
    }

    /// <summary>The program's version, without build metadata.</summary>
    public static string Version { get; } =
        typeof(BrokerHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Where the spans of messages begin: this host's own source, of the name <c>Cassini</c>.</summary>
    public ActivitySource Spans { get; } = new("Cassini", Version);

    /// <summary>What it was made with.</summary>
    public CassiniOptions Options { get; }

    /// <summary>Every event.</summary>
    public EventHub Hub { get; }

    /// <summary>Health, folded from the events.</summary>
    public HealthProjection Health { get; }

    /// <summary>The live connections, folded from the events.</summary>
    public LiveSessions Sessions { get; }

    /// <summary>The endpoints and connections.</summary>
    public ListenerManager Listeners { get; }

    /// <summary>The TLS material in use. Nothing is loaded before <see cref="LoadCertificates"/> or <see cref="StartAsync"/>.</summary>
    public CertificateStore Certificates => _certificates;

    /// <summary>Cancelled by <see cref="RequestStop"/>: whoever started the host is to stop it.</summary>
    public CancellationToken StopRequested => _stopRequested.Token;

    /// <summary>The broker; null when the host serves another protocol.</summary>
    public MqttBroker? Broker { get; }

    /// <summary>Loads the certificates, unless that was done: for a management surface that needs them before the broker starts.</summary>
    /// <exception cref="TlsConfigurationException">A certificate file cannot be used.</exception>
    public void LoadCertificates()
    {
        if (!_certificates.IsLoaded)
        {
            _certificates.Load();
        }
    }

    /// <summary>Asks whoever started the host to stop it. Any thread, any number of times.</summary>
    public void RequestStop() => _ = _stopRequested.CancelAsync();

    /// <summary>Loads the certificates, binds the endpoints and starts the probes.</summary>
    /// <returns>Ends in phase ready: when every endpoint had its first bind attempt, successful or not.</returns>
    /// <exception cref="TlsConfigurationException">A certificate file cannot be used.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        LoadCertificates();
        if (Broker is { } broker)
        {
            await broker.LoadAsync(cancellation).ConfigureAwait(false);
            Serve(ComponentKind.Broker, "housekeeping", broker.RunAsync);
            _healthTopicEnded = _supervisor.RunAsync(
                new Component(ComponentKind.Service, "health topic"), Options.Supervision, _healthTopic!.RunAsync, _stopHealthTopic.Token);
        }

        await Listeners.StartAsync(cancellation).ConfigureAwait(false);
        if (_limitsReduced)
        {
            HostingLog.LimitsReduced(_logger, Options.Listener.MaxConnections, Options.Listener.MaxPending);
        }

        Serve(ComponentKind.Service, "certificate watch", _certificates.RunAsync);
        Serve(ComponentKind.Service, "load sampler", _load.RunAsync);
        Serve(ComponentKind.Probe, "heartbeat", _prober.RunHeartbeatsAsync);
        ServeUntilEndpointsClose(ComponentKind.Probe, "accept", _prober.RunAcceptProbesAsync);
        ServeUntilEndpointsClose(ComponentKind.Probe, "canary", _prober.RunCanaryAsync);
        EnterPhase(Phase.Ready, PhaseOutcome.Completed);
    }

    /// <summary>
    /// Looks at the certificate files at once, and takes up what is new: what SIGHUP asks for. They are looked at by themselves too,
    /// each <see cref="TlsOptions.ReloadInterval"/>. Any thread.
    /// </summary>
    /// <param name="cancellation">Ends the wait, with an exception; nobody looks before the start and after the stop.</param>
    /// <returns>Ends when they are in use, or refused: an event tells which.</returns>
    public Task LookAtCertificatesAsync(CancellationToken cancellation) => _certificates.LookNowAsync(cancellation);

    /// <summary>
    /// Stops gracefully, in the stages of <see cref="DrainStage"/>: readiness turns red first, then the endpoints close, then clients
    /// get what was taken in for them and are told to go. Health stays readable. Further calls wait for the first.
    /// </summary>
    /// <param name="cancellation">The first caller's forces the stop: every stage is cut short, and sessions lose their sockets at once.</param>
    public Task StopAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            return _stopped ??= Task.Run(() => StopOnceAsync(cancellation), CancellationToken.None);
        }
    }

    /// <summary>Stops if need be and ends the epoch: folds, observers and feeds complete.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        if (Broker is { } broker)
        {
            await broker.CompleteAsync().ConfigureAwait(false);
        }

        await Hub.CompleteAsync().ConfigureAwait(false);
        Health.Dispose();
        Sessions.Dispose();
        Spans.Dispose();
        _tickThread.Dispose();
        _stopRequested.Dispose();
        _stopEarly.Dispose();
        _stopHealthTopic.Dispose();
        _stopServices.Dispose();
    }

    private void Serve(ComponentKind kind, string name, Func<CancellationToken, Task> body) =>
        _services.Add(_supervisor.RunAsync(new Component(kind, name), Options.Supervision, body, _stopServices.Token));

    /// <summary>What probes an endpoint would otherwise report a fault that is none.</summary>
    private void ServeUntilEndpointsClose(ComponentKind kind, string name, Func<CancellationToken, Task> body) =>
        _early.Add(_supervisor.RunAsync(new Component(kind, name), Options.Supervision, body, _stopEarly.Token));

    private async Task StopOnceAsync(CancellationToken cancellation)
    {
        var wasReady = _phase.Phase == Phase.Ready;
        EnterPhase(Phase.Draining, PhaseOutcome.Completed);
        var drain = new DrainSequence(Options, Listeners, Broker, Hub, _time, cancellation);
        await drain.AnnounceAsync(wasReady).ConfigureAwait(false);
        await drain.StopAcceptingAsync(StopEarlyServicesAsync).ConfigureAwait(false);
        await drain.StopIntakeAsync().ConfigureAwait(false);
        await StopHealthTopicAsync(cancellation).ConfigureAwait(false);
        await drain.DeliverAsync().ConfigureAwait(false);
        await drain.CloseSessionsAsync().ConfigureAwait(false);
        await StopServicesAsync(cancellation).ConfigureAwait(false);
        await Listeners.StopAsync(cancellation).ConfigureAwait(false);
        EnterPhase(Phase.Stopped, drain.IsForced ? PhaseOutcome.Forced : PhaseOutcome.Completed);
    }

    private async Task StopEarlyServicesAsync()
    {
        await _stopEarly.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_early).ConfigureAwait(false);
        if (_early.Count > 0)
        {
            Hub.Publish(new CanaryDisabled("no new clients are served: the broker is stopping"));
        }
    }

    /// <summary>Last, so that the feed tells of health and load for as long as there are sessions.</summary>
    private async Task StopServicesAsync(CancellationToken cancellation)
    {
        await _stopServices.CancelAsync().ConfigureAwait(false);

        // A service that hangs, on a file of a dead mount for example, must not keep the process from ending.
        await Task.WhenAll(_services).WaitAsync(Options.Listener.CloseTimeout, _time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Ends the health topic: what it published last is what subscribers have when their sessions end.</summary>
    private async Task StopHealthTopicAsync(CancellationToken cancellation)
    {
        if (_healthTopic is null)
        {
            return;
        }

        // The fold may be at work on another thread: a moment's patience is enough, unless it is dead.
        Task folded = Health.WaitForAsync(snapshot => snapshot.Phase == Phase.Draining, cancellation);
        await folded.WaitAsync(FoldPatience, _time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stopHealthTopic.CancelAsync().ConfigureAwait(false);
        await _healthTopicEnded.WaitAsync(FoldPatience, _time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void EnterPhase(Phase next, PhaseOutcome outcome) => _phase = _phase.LeaveFor(next, outcome, Hub, _time);
}
