using Cassini.Web.Cli.Context;

namespace Cassini.Tests.Cli;

/// <summary>A command's surroundings without a process.</summary>
internal sealed class TestConsole : IStopSignals, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _force = new();

    public LineWriter Out { get; } = new();

    public LineWriter Error { get; } = new();

    public Dictionary<string, string> Environment { get; } = new() { ["HOME"] = Path.GetTempPath() };

    public string WorkingDirectory { get; init; } = Path.GetTempPath();

    public bool OutIsTerminal { get; init; }

    public byte[] In { get; init; } = [];

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public CancellationToken Stop => _stop.Token;

    public CancellationToken Force => _force.Token;

    public CliContext Context => new()
    {
        Out = Out,
        OutIsTerminal = OutIsTerminal,
        OpenIn = () => new MemoryStream(In),
        Error = Error,
        Time = Time,
        Environment = Environment,
        WorkingDirectory = WorkingDirectory,
        Signals = this,
    };

    public Task InterruptAsync() => _stop.CancelAsync();

    public void Dispose()
    {
        _stop.Dispose();
        _force.Dispose();
    }
}
