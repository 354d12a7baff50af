using Cassini.Streams.Primitives;
using OpenTelemetry.Trace;

namespace Cassini.Web.Cli.Serving;

/// <summary>Sends the last spans at the end: it waits for a collector that does not answer, unless the stop is forced.</summary>
internal sealed class LastTraces(TracerProvider? traces, ILogger logger, CancellationToken forced) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        if (traces is not null)
        {
            var sending = Task.Run(traces.Dispose, CancellationToken.None);
            TaskObserver.Observe(sending, failure => ServingLog.LastSpansLost(logger, failure));
            await sending.WaitAsync(forced).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
