using Cassini.Streams.Hosting;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Systemd;

/// <summary>
/// The service manager that started the process, if there is one: it is notified of the broker's health, and asks for reloads.
/// </summary>
internal sealed class ServiceManager : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly SystemdNotifier? _notifier;
    private readonly Task _notifying;

    private ServiceManager(SystemdNotifier? notifier, ILogger logger)
    {
        _notifier = notifier;
        _notifying = notifier?.RunAsync(_end.Token) ?? Task.CompletedTask;
        TaskObserver.Observe(_notifying, failure => SystemdLog.NotNotified(logger, failure));
    }

    /// <summary>Begins to notify, when the environment names a service manager.</summary>
    /// <param name="environment">The variables of the process.</param>
    /// <param name="host">The host whose health is reported.</param>
    /// <param name="longestStop">How long a stop may take, from its first phase to the end of the process.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="loggers">Where it logs.</param>
    public static ServiceManager Attach(
        IReadOnlyDictionary<string, string> environment, BrokerHost host, TimeSpan longestStop, TimeProvider time, ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger<ServiceManager>();
        var problems = new List<string>();
        var settings = NotifySettings.Read(environment, Environment.ProcessId, problems);
        problems.ForEach(problem => SystemdLog.WrongSetting(logger, problem));
        var notifier = settings is null ? null : new SystemdNotifier(
            host.Health, new NotifySocket(settings.Socket, time, logger), settings.Watchdog, longestStop, time, logger);
        return new ServiceManager(notifier, logger);
    }

    /// <summary>Runs a reload, and notifies the manager of its begin and its end.</summary>
    public async Task ReloadAsync(Func<Task> reload)
    {
        var isNotified = _notifier is not null && await _notifier.ReloadingAsync();
        try
        {
            await reload();
        }
        finally
        {
            if (isNotified)
            {
                await _notifier!.ReloadedAsync();
            }
        }
    }

    /// <summary>Sends the pending notifications, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _notifying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }
}
