using System.Collections.Immutable;
using System.Net.Sockets;
using Cassini.Harness;
using Cassini.Management;
using Cassini.Management.Access;
using Cassini.Management.GrpcHealth;
using Cassini.Management.Http;
using Cassini.Management.Logging;
using Cassini.Management.Telemetry;
using Cassini.Streams.Hosting;
using Cassini.Streams.Primitives;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Development;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Settings;
using Cassini.Web.Systemd;

namespace Cassini.Web.Cli.Serving;

/// <summary>One run of the broker and its management, from the settings to the exit code.</summary>
/// <param name="settings">The settings in force at the start.</param>
/// <param name="source">Where they come from, to read them again.</param>
/// <param name="context">The process.</param>
/// <param name="hangups">Its SIGHUPs.</param>
/// <param name="logging">Its log.</param>
internal sealed class Server(
    ServeSettings settings, SettingsSource source, CliContext context, HangupRequests hangups, ProcessLogging logging)
{
    public async Task<int> RunAsync()
    {
        SocketThread.GoOnThere();
        var loggers = logging.Loggers;
        var logger = loggers.CreateLogger<Server>();
        foreach (var warning in settings.Warnings)
        {
            ServingLog.Warned(logger, warning);
        }

        try
        {
            RequireDescriptors();
            using var pool = PoolWatch.Start(context.Time);
            var made = MakeDevelopmentCertificates();
            var export = new OtlpExport(settings.Process.Telemetry, context.Environment);
            using var problems = export.HasTraces || export.HasMetrics ? new ExportProblems(loggers, context.Time) : null;
            await using var host = new BrokerHost(settings.Options, context.Time, loggers);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.Signals.Stop, host.StopRequested);
            await using var traces = new LastTraces(export.StartTraces(host.Spans.Name), logger, context.Signals.Force);
            var inForce = new SettingsInForce(settings, source, host, logging.Filters, logger);
            using var levels = new LogLevels(logging.Filters, host.Hub, context.Time);
            var refusals = new Refusals();
            await using var management = ManagementApp.Create(
                ManagedBroker.Of(host) with { Settings = inForce, LogLevels = levels },
                settings.Process.Management, loggers, context.Time, export, refusals);
            await using var grpc = GrpcHealthApp.Create(host.Health, settings.Process.Management, loggers, context.Time, refusals);
            await using var manager = ServiceManager.Attach(context.Environment, host, settings.Options.LongestStop, context.Time, loggers);
            await using var reloads = new Reloads(hangups, inForce, host, manager, context.Time, logger);
            inForce.Begin();
            try
            {
                host.LoadCertificates();
                await StartAsync(
                    management, "management", settings.Process.Management.Address,
                    "give another address with --management or CASSINI_MANAGEMENT_ADDR");
                if (grpc is not null)
                {
                    await StartAsync(grpc, "gRPC health", settings.Process.Management.GrpcAddress!, "give another Management:GrpcAddress");
                }

                await StartBrokerAsync(host, loggers, stop.Token);
                WriteStartupText(host, ManagementApp.AddressOf(management), grpc is null ? null : ManagementApp.AddressOf(grpc), made);
                await Task.Delay(Timeout.InfiniteTimeSpan, context.Time, stop.Token);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // This is how the server stops, also in the middle of starting.
            }

            // Management is the last to go: probes answer while the broker drains.
            await host.StopAsync(context.Signals.Force);
            await StopManagementAsync(grpc is null ? [management] : [management, grpc]);
            return ExitCode.Ok;
        }
        catch (Exception exception) when (exception
            is StartFailedException or TlsConfigurationException or AccessConfigurationException or ExportConfigurationException)
        {
            ServingLog.StartFailed(logger, exception);
            Complain(logger, exception.Message + OriginOf(exception));
            return ExitCode.Error;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            ServingLog.Failed(logger, exception);
            return ExitCode.Error;
        }
    }

    /// <summary>With too few the runtime cannot load all parts of the program, and fails at the first that is missing.</summary>
    private static void RequireDescriptors()
    {
        if (Surroundings.ShortageOfFilesToServe() is { } shortage)
        {
            throw new StartFailedException(shortage);
        }
    }

    /// <summary>Where the setting that is to blame comes from, because its key is not what someone wrote who gave a flag.</summary>
    private string OriginOf(Exception exception)
    {
        var key = exception switch
        {
            AccessConfigurationException access => access.Error.Key,
            TlsConfigurationException tls => tls.Setting,
            _ => "",
        };
        return settings.Origins.TryGetValue(key, out var origin) ? $" ({origin})" : "";
    }

    private void Complain(ILogger logger, string problem)
    {
        if (settings.Process.Logging.Format == LogFormat.Json)
        {
            ServingLog.Refused(logger, problem);
        }
        else
        {
            logging.WriteApart(() => context.Complain(problem));
        }
    }

    private void WriteStartupText(BrokerHost host, Uri management, Uri? grpc, ImmutableArray<DevelopmentCertificateAction> made)
    {
        if (settings.Process.Logging.Format == LogFormat.Json)
        {
            // Where the log is for machines, both outputs usually go to the same place.
            ServingLog.Started(
                logging.Loggers.CreateLogger<Server>(), ProgramVersion.Text, ManagementSettings.NameOf(settings.Process.Management),
                string.Join(", ", host.Health.Current.Endpoints.Select(endpoint => endpoint.Address)),
                management.GetLeftPart(UriPartial.Authority));
            return;
        }

        var text = new StartupText(settings, context.Environment, host.Health.Current, management, grpc, made).ToString();
        logging.WriteApart(() =>
        {
            context.Out.Write(text);
            context.Out.Flush();
        });
    }

    private ImmutableArray<DevelopmentCertificateAction> MakeDevelopmentCertificates()
    {
        if (settings.DevelopmentCertificates is not { } directory)
        {
            return [];
        }

        try
        {
            return DevelopmentCertificates.Ensure(directory, context.Time, []);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartFailedException(
                $"development certificates cannot be made: {exception.Message.TrimEnd('.')}; "
                + "give another place with --data-dir or CASSINI_DATA_DIR",
                exception);
        }
    }

    private async Task StartAsync(WebApplication app, string name, string address, string hint)
    {
        try
        {
            await app.StartAsync(context.Signals.Stop);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            var socket = exception as SocketException ?? exception.GetBaseException() as SocketException;
            throw new StartFailedException(
                $"{name} cannot listen on {address}: {SocketText.Of(socket?.SocketErrorCode) ?? exception.Message}; {hint}",
                exception);
        }
    }

    private static async Task StartBrokerAsync(BrokerHost host, ILoggerFactory loggers, CancellationToken stop)
    {
        // From the first event until the hub completes, so that all are logged: unless the start fails, which one line says better.
        var log = EventLogger.Attach(host, loggers);
        try
        {
            await host.StartAsync(stop);
        }
        catch (TlsConfigurationException)
        {
            log.Dispose();
            throw;
        }
        catch (IOException exception)
        {
            log.Dispose();
            throw new StartFailedException(StoreProblem.Of(exception, host.Options.Store.Directory!), exception);
        }
    }

    private async Task StopManagementAsync(params IEnumerable<WebApplication> apps)
    {
        // Feeds and waits are ended at once: this is for requests in flight.
        using var patience = new CancellationTokenSource(CassiniOptions.LongestStopStep, context.Time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.Signals.Force);
        try
        {
            await Task.WhenAll(apps.Select(app => app.StopAsync(limit.Token))).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // Clients that are still connected lose their connection when the process ends.
        }
    }
}
