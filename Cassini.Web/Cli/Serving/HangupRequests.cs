using System.Threading.Channels;

namespace Cassini.Web.Cli.Serving;

/// <summary>
/// SIGHUP, from the start of the process on. One that comes before the settings are followed is answered when they are. Thread-safe.
/// </summary>
internal sealed class HangupRequests
{
    // A signal that arrives while another one waits needs no reload of its own.
    private readonly Channel<bool> _asked = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>The signal came.</summary>
    public void Add() => _asked.Writer.TryWrite(true);

    /// <summary>Ends when one waits.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _asked.Reader.WaitToReadAsync(cancellationToken).AsTask();

    /// <summary>Takes the one that waits.</summary>
    public void Take() => _asked.Reader.TryRead(out _);
}
