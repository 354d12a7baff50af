using System.Diagnostics;
using Cassini.Tests.Support;
using Cassini.Web.Cli.Serving;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Cassini.Tests.Cli;

public class LastTracesTests
{
    [Fact]
    public async Task Dispose_LastSpansCannotBeSent_IsLogged()
    {
        using var log = new RecordingLoggers();
        var traces = Sdk.CreateTracerProviderBuilder().AddProcessor(new BrokenProcessor()).Build();

        await new LastTraces(traces, log, CancellationToken.None).DisposeAsync();

        await Eventually.HoldsAsync("it is logged", () => log.Lines.Any(line => line.Exception?.Message == BrokenProcessor.Fault));
    }

    private sealed class BrokenProcessor : BaseProcessor<Activity>
    {
        public const string Fault = "the processor cannot end";

        protected override void Dispose(bool disposing) => throw new InvalidOperationException(Fault);
    }
}
