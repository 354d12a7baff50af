using Cassini.Harness.Clients;
using Cassini.Harness.Load;

namespace Cassini.Harness.Workers;

/// <summary>Runs publishers or subscribers in the controller itself.</summary>
internal sealed class LocalWorker(
    WorkerRole role, Func<BrokerAddress, TlsIdentity> identityOf, Func<int, SendTimes> sendTimesOf, TimeProvider time) : IWorker
{
    private LoadEngine? _engine;
    private LoadReport _last = LoadReport.Nothing;

    public string Name => "controller";

    public WorkerRole Role => role;

    public CancellationToken Lost => CancellationToken.None;

    public string? LostBecause => null;

    public LoadReport Report => _engine?.Report ?? _last;

    public Task PrepareAsync(LoadOrder order, CancellationToken cancellation)
    {
        _last = LoadReport.Nothing;
        _engine = new LoadEngine(order, identityOf, sendTimesOf(order.Run.Test), time);
        return _engine.PrepareAsync(cancellation);
    }

    public Task Start() => _engine!.Start();

    public async Task StopAsync()
    {
        if (_engine is { } engine)
        {
            try
            {
                await engine.DisposeAsync();
            }
            finally
            {
                _last = engine.Report;
                _engine = null;
            }
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
