using System.Collections.Concurrent;
using Cassini.Streams.Nats;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Cluster;

/// <summary>A bus that runs, with its log and what it told of its connection. Disposing expects that it ends in order.</summary>
internal sealed class RunningBus : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    public RunningBus(
        string[] servers, NatsOptions? options = null, TimeProvider? time = null, Action<NatsBus>? before = null, string echo = "t.echo")
    {
        Bus = new NatsBus(servers, "node", echo, options ?? new NatsOptions(), new Logger<NatsBus>(Log), time ?? TimeProvider.System);
        Bus.ConnectionChanged += Changes.Enqueue;
        before?.Invoke(Bus);
        _running = Bus.RunAsync(_stopping.Token);
    }

    public NatsBus Bus { get; }

    public RecordingLoggers Log { get; } = new();

    /// <summary>What it told, in order.</summary>
    public ConcurrentQueue<string?> Changes { get; } = new();

    public Task ConnectedAsync(int times = 1) =>
        Eventually.HoldsAsync($"it is connected, {times}", () => Changes.Count(change => change is not null) == times);

    /// <summary>How often a line is in the log.</summary>
    public int Count(int id) => Log.Lines.Count(line => line.Id == id);

    /// <summary>The first line of the log with this id, past or to come.</summary>
    public async Task<LogLine> LineAsync(int id)
    {
        await Eventually.HoldsAsync($"{id} is logged", () => Count(id) > 0);
        return Log.Lines.First(line => line.Id == id);
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Eventually.CompletesAsync("it ends", _running);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }
}
