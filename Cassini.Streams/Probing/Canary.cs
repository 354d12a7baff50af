using System.Net.Security;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Tls.Files;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Probing;

/// <summary>
/// A real mTLS client of our own endpoints: makes a client's whole round trip on every bound endpoint, one after another.
/// </summary>
internal sealed class Canary(
    ProbingOptions options,
    ListenerManager manager,
    CertificateStore store,
    bool speaksMqtt,
    IEventPublisher events,
    TimeProvider time,
    ILogger logger)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (options is not { CanaryCertificatePath: { } certificatePath, CanaryKeyPath: { } keyPath })
        {
            events.Publish(new CanaryDisabled("no client certificate is configured for the canary"));
            return;
        }

        using var certificate = new CanaryCertificate(certificatePath, keyPath, time, logger);
        using var interval = new PeriodicTimer(options.CanaryInterval, time);
        do
        {
            await MakeRoundAsync(certificate, cancellationToken);
        }
        while (await interval.WaitForNextTickAsync(cancellationToken));
    }

    private async Task MakeRoundAsync(CanaryCertificate certificate, CancellationToken cancellationToken)
    {
        if (TryLoad(certificate, out var context) is { } problem)
        {
            events.Publish(new CanaryFailed(null, CanaryStage.Connect, CanaryFailure.OwnCertificateExpired, problem));
            return;
        }

        var bound = manager.Endpoints.Where(endpoint => endpoint.Bound is not null).ToList();
        if (bound.Count == 0)
        {
            events.Publish(new CanaryFailed(null, CanaryStage.Connect, CanaryFailure.NothingBound, "no endpoint is bound"));
            return;
        }

        var slowest = default(TripTimes);
        foreach (var endpoint in bound)
        {
            var webSocket = manager.IsWebSocket(endpoint.Endpoint) ? new WebSocketTrip(manager.Subprotocols.FirstOrDefault()) : null;
            var trip = new CanaryTrip(manager.Probes, endpoint, context!, store, options.CanaryTimeout, speaksMqtt, webSocket, time);
            var (times, failure) = await trip.RunAsync(cancellationToken);
            if (failure is not null)
            {
                Report(endpoint.Endpoint, failure);
                return;
            }

            slowest = times.Total > slowest.Total ? times : slowest;
        }

        events.Publish(
            new CanarySucceeded(slowest.Connect, slowest.Handshake, slowest.Session, slowest.Total, slowest.Subscribe, slowest.Deliver));
    }

    private void Report(EndpointAddress endpoint, TripFailure failure)
    {
        events.Publish(new CanaryFailed(endpoint.ToString(), failure.Stage, failure.Reason, failure.Detail));
        if (failure.Cause is { } cause)
        {
            ProbingLog.TripFailed(logger, endpoint, cause);
        }
    }

    /// <summary>What is wrong with the canary's own certificate; null when it can be used. Neither is evidence about the broker.</summary>
    private string? TryLoad(CanaryCertificate certificate, out SslStreamCertificateContext? context)
    {
        context = null;
        try
        {
            (var leaf, context) = certificate.Load();
            var notAfter = leaf.NotAfter.ToUniversalTime();
            return notAfter > time.GetUtcNow().UtcDateTime ? null : $"the canary's own certificate expired at {notAfter:u}";
        }
        catch (Exception failure) when (CanaryCertificate.IsUnusable(failure))
        {
            return $"the canary's own certificate cannot be used: {failure.Message}";
        }
    }
}
