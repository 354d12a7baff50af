using OpenTelemetry.Trace;

namespace Cassini.Web.Cli.Serving;

/// <summary>Sends the last spans at the end: it waits for a collector that does not answer, unless the stop is forced.</summary>
internal sealed class TraceFarewell(TracerProvider? traces, CancellationToken forced) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        if (traces is not null)
        {
            await Task.Run(traces.Dispose, CancellationToken.None).WaitAsync(forced).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
