using System.Threading.Channels;
using Cassini.Streams.Hosting;
using Cassini.Web.Cli.Context;
using Cassini.Web.Systemd;

namespace Cassini.Web.Cli.Serving;

/// <summary>
/// Takes up changed settings while the process runs. SIGHUP: it reads its settings and its certificate files at once, and notifies the
/// service manager when that is done. A settings file that changes is read without a signal, as certificate files are.
/// </summary>
internal sealed class Reloads : IAsyncDisposable
{
    // A signal that arrives while another one waits needs no reload of its own.
    private readonly Channel<bool> _asked = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _end = new();
    private readonly SettingsInForce _settings;
    private readonly BrokerHost _host;
    private readonly ServiceManager _manager;
    private readonly ILogger _logger;
    private readonly IDisposable _signal;
    private readonly Task _serving;

    public Reloads(CliContext context, SettingsInForce settings, BrokerHost host, ServiceManager manager, ILogger logger)
    {
        _settings = settings;
        _host = host;
        _manager = manager;
        _logger = logger;
        _serving = ServeAsync(context.Time);
        _signal = context.OnHangup(() => _asked.Writer.TryWrite(true));
    }

    public async ValueTask DisposeAsync()
    {
        _signal.Dispose();
        await _end.CancelAsync();
        await _serving;
        _end.Dispose();
    }

    private async Task ServeAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(_host.Options.Tls!.ReloadInterval, time);
        try
        {
            var tick = timer.WaitForNextTickAsync(_end.Token).AsTask();
            var ask = _asked.Reader.WaitToReadAsync(_end.Token).AsTask();
            while (true)
            {
                var first = await Task.WhenAny(tick, ask);
                await first;
                if (first == ask)
                {
                    _asked.Reader.TryRead(out _);
                    await TryAsync(() => _manager.ReloadAsync(ReloadAllAsync));
                    ask = _asked.Reader.WaitToReadAsync(_end.Token).AsTask();
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
