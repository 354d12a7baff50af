using Cassini.Streams.Hosting;
using Cassini.Web.Systemd;

namespace Cassini.Web.Cli.Serving;

/// <summary>
/// Takes up changed settings while the process runs. SIGHUP: it reads its settings and its certificate files at once, and notifies the
/// service manager when that is done. A settings file that changes is read without a signal, as certificate files are.
/// </summary>
internal sealed class Reloads : IAsyncDisposable
{
    /// <summary>How long a stop waits for a reload under way: it may read a file of a dead mount.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly HangupRequests _hangups;
    private readonly TimeProvider _time;

    // Not disposed: it has no timer and no parent, and a reload that was left behind may still read its token.
    private readonly CancellationTokenSource _end = new();
    private readonly SettingsInForce _settings;
    private readonly BrokerHost _host;
    private readonly ServiceManager _manager;
    private readonly ILogger _logger;
    private readonly Task _serving;

    public Reloads(
        HangupRequests hangups, SettingsInForce settings, BrokerHost host, ServiceManager manager, TimeProvider time, ILogger logger)
    {
        _hangups = hangups;
        _time = time;
        _settings = settings;
        _host = host;
        _manager = manager;
        _logger = logger;
        _serving = Task.Run(ServeAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _serving.WaitAsync(Patience, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ServeAsync()
    {
        using var timer = new PeriodicTimer(_host.Options.Tls!.ReloadInterval, _time);
        try
        {
            var tick = timer.WaitForNextTickAsync(_end.Token).AsTask();
            var ask = _hangups.WaitAsync(_end.Token);
            while (true)
            {
                var first = await Task.WhenAny(tick, ask);
                await first;
                if (first == ask)
                {
                    _hangups.Take();
                    await TryAsync(() => _manager.ReloadAsync(ReloadAllAsync));
                    ask = _hangups.WaitAsync(_end.Token);
                }
                else
                {
                    await TryAsync(_settings.LookAsync);
                    tick = timer.WaitForNextTickAsync(_end.Token).AsTask();
                }
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // A stop takes precedence over a reload.
        }
    }

    private async Task ReloadAllAsync()
    {
        try
        {
            await _settings.ReloadAsync();
        }
        finally
        {
            await _host.LookAtCertificatesAsync(_end.Token);
        }
    }

    private async Task TryAsync(Func<Task> reload)
    {
        try
        {
            await reload();
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !_end.IsCancellationRequested)
        {
            ServingLog.ReloadFailed(_logger, failure);
        }
    }
}
