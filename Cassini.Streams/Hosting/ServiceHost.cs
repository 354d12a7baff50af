using System.Diagnostics;
using System.Reflection;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Primitives;
using Cassini.Streams.Probing;
using Cassini.Streams.Quotas;
using Cassini.Streams.Store.History;
using Cassini.Streams.Supervision;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Files;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Hosts any protocol over mutual TLS, with the health of it: wires endpoints, certificates, probes and supervision together, starts them
/// in order and stops them in reverse. <see cref="BrokerHost"/> is the host for MQTT. Members may be called from any thread.
/// </summary>
public sealed partial class ServiceHost : IAsyncDisposable
{
    private readonly HealthCore _core;
    private readonly IHostedProtocol _protocol;
    private readonly TimeProvider _time;
    private readonly ILogger<ServiceHost> _logger;
    private readonly (long Limit, long Wanted)? _shortage;
    private readonly Prober _prober;
    private readonly LoadSampler _load;
    private readonly MemoryReturn _memory;
    private readonly ServiceGroup _probes;
    private readonly ServiceGroup _publications;
    private readonly ServiceGroup _services;

    /// <summary>Ends after all others, because they may take long to end and the manager is there until then.</summary>
    private readonly ServiceGroup _heartbeats;

    // Not disposed: they have no timer and no parent, and may be cancelled and read after the end.
    private readonly CancellationTokenSource _stopRequested = new();
    private readonly CancellationTokenSource _endStart = new();

    private readonly Lock _lock = new();

    // Changed by the start until it has ended or can no longer become ready, and after that by the stop.
    private PhaseClock _phase;
    private Task? _started;
    private bool _isReady;
    private Task? _stopped;
    private Task? _disposed;

    /// <summary>Makes a host; nothing is bound before <see cref="StartAsync"/>.</summary>
    /// <param name="options">Valid options (<see cref="CassiniOptionsValidator"/>), with <see cref="CassiniOptions.Tls"/> chosen.</param>
    /// <param name="handler">Serves the open connections.</param>
    /// <param name="timeProvider">The one clock.</param>
    /// <param name="loggerFactory">Where it logs.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has every error.</exception>
    public ServiceHost(CassiniOptions options, IConnectionHandler handler, TimeProvider timeProvider, ILoggerFactory loggerFactory)
        : this(options, new HealthCore(options, timeProvider, loggerFactory), new HandlerProtocol(handler), timeProvider, loggerFactory)
    {
    }

    internal ServiceHost(CassiniOptions options, HealthCore core, IHostedProtocol protocol, TimeProvider time, ILoggerFactory loggers)
    {
        var descriptors = DescriptorBudget.Read();
        var open = DescriptorBudget.CountOpen();
        var fitted = DescriptorBudget.Fit(options.Listener, descriptors, open);
        _shortage = ReferenceEquals(fitted, options.Listener)
            ? null
            : (descriptors ?? 0, DescriptorBudget.WantedBy(options.Listener, open));
        Options = options with { Listener = fitted };
        _core = core;
        _protocol = protocol;
        _time = time;
        _logger = loggers.CreateLogger<ServiceHost>();
        Certificates = new CertificateStore(options.Tls!, Hub, time, loggers.CreateLogger<CertificateStore>());
        var supervisor = new Supervisor(options.Supervision, Hub, time, loggers.CreateLogger<Supervisor>());
        Listeners = new ListenerManager(
            fitted, Certificates, core.Accounts, protocol.Handler, supervisor, Hub, time, loggers.CreateLogger<ListenerManager>());
        _prober = new Prober(options.Probing, Listeners, Certificates, Hub, time, loggers.CreateLogger<Prober>(), protocol.SpeaksMqtt);
        Rehearsals = new Rehearsals(Listeners, Health.StopTicks, Health.ResumeTicks, _logger);
        _memory = new MemoryReturn(ManagedHeap.Instance, time, _logger);
        _load = new LoadSampler(() => Sample(descriptors), new ProcessWatch(ProcessReading.Take, time), Hub, time);
        _probes = new ServiceGroup(supervisor, time, _logger);
        _publications = new ServiceGroup(supervisor, time, _logger);
        _services = new ServiceGroup(supervisor, time, _logger);
        _heartbeats = new ServiceGroup(supervisor, time, _logger);
        _phase = PhaseClock.Enter(Phase.Starting, Hub, time);
    }

    /// <summary>The program's version, without build metadata.</summary>
    public static string Version { get; } =
        typeof(ServiceHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Where the host's spans begin: its own source, of the name <c>Cassini</c>.</summary>
    public ActivitySource Spans => _core.Spans;

    /// <summary>What it was made with, the limits of connections fitted to what the process may open.</summary>
    public CassiniOptions Options { get; }

    /// <summary>Every event.</summary>
    public EventHub Hub => _core.Hub;

    /// <summary>Health, folded from the events.</summary>
    public HealthProjection Health => _core.Health;

    /// <summary>The live connections, folded from the events.</summary>
    public LiveConnections Connections => _core.Connections;

    /// <summary>The events on disk, of earlier runs too; null when none are kept there.</summary>
    internal IEventHistory? History => _core.History;

    /// <summary>The addresses whose handshakes were refused last. Any thread.</summary>
    internal RefusedHandshakes RefusedHandshakes => _core.RefusedHandshakes;

    /// <summary>What each identity has of what all share. Any thread.</summary>
    internal AccountTable Accounts => _core.Accounts;

    /// <summary>The endpoints and connections.</summary>
    internal ListenerManager Listeners { get; }

    /// <summary>The TLS material in use. Nothing is loaded before <see cref="LoadCertificates"/> or <see cref="StartAsync"/>.</summary>
    internal CertificateStore Certificates { get; }

    /// <summary>Cancelled by <see cref="RequestStop"/>: the owner of the host is to stop it.</summary>
    public CancellationToken StopRequested => _stopRequested.Token;

    /// <summary>Makes real failures happen.</summary>
    internal IRehearsals Rehearsals { get; }

    /// <summary>Loads the certificates, unless that was done: for a management surface that needs them before the start.</summary>
    /// <exception cref="TlsConfigurationException">A certificate file cannot be used.</exception>
    public void LoadCertificates()
    {
        if (!Certificates.IsLoaded)
        {
            Certificates.Load();
        }
    }

    /// <summary>Asks the owner of the host to stop it. Any number of times, also after the end.</summary>
    public void RequestStop() =>
        TaskObserver.Observe(_stopRequested.CancelAsync(), failure => HostingLog.CancellationFailed(_logger, failure));

    /// <summary>Loads the certificates, binds the endpoints and starts the probes.</summary>
    /// <param name="cancellationToken">Ends the start with an exception; the host is to be stopped then.</param>
    /// <returns>Ends in phase ready: when every endpoint had its first bind attempt, successful or not.</returns>
    /// <exception cref="TlsConfigurationException">A certificate file cannot be used.</exception>
    /// <exception cref="InvalidOperationException">It was started or stopped before.</exception>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled, or the host was stopped meanwhile.
    /// </exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Task started;
        lock (_lock)
        {
            if (_started is not null || _stopped is not null)
            {
                throw new InvalidOperationException("A host starts once, and not after a stop.");
            }

            started = _started = Task.Run(() => StartOnceAsync(cancellationToken), CancellationToken.None);
        }

        await started.ConfigureAwait(false);
    }

    /// <summary>
    /// Looks at the certificate files at once, and takes up what is new: what SIGHUP asks for. They are looked at by themselves too,
    /// each <see cref="TlsOptions.ReloadInterval"/>.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait, with an exception: there is no look before the start and after the stop.</param>
    /// <returns>Ends when they are in use, or refused: an event says which.</returns>
    public Task LookAtCertificatesAsync(CancellationToken cancellationToken) => Certificates.LookNowAsync(cancellationToken);

    /// <summary>
    /// Stops gracefully, in the stages of <see cref="DrainStage"/>: readiness turns red first, then the endpoints close, then clients
    /// get what was taken in for them and are asked to go. A start under way ends first, without ever being ready; after 5 seconds the
    /// stop continues without it. Health stays readable. Further calls wait for the first.
    /// </summary>
    /// <param name="cancellationToken">
    /// The first caller's forces the stop: every stage is cut short, and connections lose their sockets at once.
    /// </param>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_stopped is null)
            {
                var started = _started ?? Task.CompletedTask;
                var wasReady = _isReady;
                TaskObserver.Observe(_endStart.CancelAsync(), failure => HostingLog.CancellationFailed(_logger, failure));
                _stopped = Task.Run(() => StopOnceAsync(started, wasReady, cancellationToken), CancellationToken.None);
            }

            return _stopped;
        }
    }

    /// <summary>
    /// Stops if need be and ends the epoch: folds, observers and feeds complete, also when the stop failed. Further calls wait for the
    /// first.
    /// </summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            return new ValueTask(_disposed ??= Task.Run(DisposeOnceAsync, CancellationToken.None));
        }
    }

    private async Task StartOnceAsync(CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _endStart.Token);
        LoadCertificates();

        // Not the linked token, here and below: it may not have heard yet of a stop that has been called.
        _endStart.Token.ThrowIfCancellationRequested();
        if (_protocol.IsDurable)
        {
            EnterPhase(Phase.Recovering, PhaseOutcome.Completed);
        }

        await _protocol.LoadAsync(end.Token).ConfigureAwait(false);
        _endStart.Token.ThrowIfCancellationRequested();
        _protocol.StartServices(_services, _publications);
        await Listeners.StartAsync(end.Token).ConfigureAwait(false);
        if (_shortage is var (limit, wanted))
        {
            HostingLog.LimitsReduced(_logger, limit, wanted, Options.Listener.MaxConnections, Options.Listener.MaxPending);
        }

        _services.Start(ComponentKind.Service, "certificate watch", Certificates.RunAsync);
        _services.Start(ComponentKind.Service, "load sampler", _load.RunAsync);
        _heartbeats.Start(ComponentKind.Probe, "heartbeat", _prober.RunHeartbeatsAsync);
        _probes.Start(ComponentKind.Probe, "accept", _prober.RunAcceptProbesAsync);
        _probes.Start(ComponentKind.Probe, "canary", _prober.RunCanaryAsync);

        lock (_lock)
        {
            _endStart.Token.ThrowIfCancellationRequested();
            cancellationToken.ThrowIfCancellationRequested();
            _isReady = true;
        }

        EnterPhase(Phase.Ready, PhaseOutcome.Completed);
    }

    /// <param name="descriptors">How many the process may have; null for no limit.</param>
    private LoadSampled Sample(long? descriptors)
    {
        var connections = Listeners.ConnectionUse;
        var sample = _protocol.Sample(connections, Listeners.BytesReceived, Listeners.BytesSent);
        _memory.Note(sample.Capacity?.Memory?.Used ?? 0);
        return descriptors is { } limit && sample.Capacity is { } capacity && OpenDescriptors.Count() is { } used
            ? sample with { Capacity = capacity with { Descriptors = new ResourceUse(used, limit, connections.Holder, connections.Held) } }
            : sample;
    }

    private void EnterPhase(Phase next, PhaseOutcome outcome) => _phase = _phase.LeaveFor(next, outcome, Hub, _time);
}
