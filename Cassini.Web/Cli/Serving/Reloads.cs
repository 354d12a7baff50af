using System.Threading.Channels;
using Cassini.Streams.Hosting;
using Cassini.Web.Cli.Context;
using Cassini.Web.Systemd;

namespace Cassini.Web.Cli.Serving;

/// <summary>SIGHUP: the process reads its certificate files at once, and notifies the service manager when that is done.</summary>
internal sealed class Reloads : IAsyncDisposable
{
    // A signal that arrives while another one waits needs no reload of its own.
    private readonly Channel<bool> _asked = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _end = new();
    private readonly IDisposable _signal;
    private readonly Task _serving;

    public Reloads(CliContext context, BrokerHost host, ServiceManager manager, ILogger logger)
    {
        _serving = ServeAsync(host, manager, logger);
        _signal = context.OnHangup(() => _asked.Writer.TryWrite(true));
    }

    public async ValueTask DisposeAsync()
    {
        _signal.Dispose();
        await _end.CancelAsync();
        await _serving;
        _end.Dispose();
    }

    private async Task ServeAsync(BrokerHost host, ServiceManager manager, ILogger logger)
    {
        try
        {
            await foreach (var _ in _asked.Reader.ReadAllAsync(_end.Token))
            {
                try
                {
                    await manager.ReloadAsync(() => host.LookAtCertificatesAsync(_end.Token));
                }
                catch (Exception failure) when (failure is not OperationCanceledException || !_end.IsCancellationRequested)
                {
                    ServingLog.ReloadFailed(logger, failure);
                }
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // A stop takes precedence over a reload.
        }
    }
}
