using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Streams.Listening.Probes;
using Cassini.Streams.Listening.WebSockets;
using Cassini.Streams.Primitives;
using Cassini.Streams.Tls.Clients;
using Cassini.Streams.Tls.Files;

namespace Cassini.Streams.Probing;

/// <summary>The durations of the stages of a successful trip.</summary>
internal readonly record struct TripTimes(TimeSpan Connect, TimeSpan Handshake, TimeSpan Session, TimeSpan? Subscribe, TimeSpan? Deliver)
{
    public TimeSpan Total => Connect + Handshake + Session + (Subscribe ?? TimeSpan.Zero) + (Deliver ?? TimeSpan.Zero);
}

/// <summary>That a trip goes by WebSocket.</summary>
/// <param name="Subprotocol">What is spoken on it; null for nothing in particular.</param>
internal sealed record WebSocketTrip(string? Subprotocol);

/// <summary>Why a trip failed.</summary>
/// <param name="Stage">Where.</param>
/// <param name="Reason">Why.</param>
/// <param name="Detail">For people.</param>
/// <param name="Cause">The exception behind it; null when there is none, or when the broker's own reason is known.</param>
internal sealed record TripFailure(CanaryStage Stage, CanaryFailure Reason, string Detail, Exception? Cause = null);

/// <summary>
/// One round trip of the canary to one endpoint: connect, handshake, check of the served certificate, a session on the other side; and
/// with MQTT also a subscription and the canary's own message.
/// </summary>
internal sealed class CanaryTrip(
    ProbeRegistry probes,
    EndpointStatus endpoint,
    SslStreamCertificateContext certificate,
    CertificateStore store,
    TimeSpan timeout,
    bool speaksMqtt,
    WebSocketTrip? webSocket,
    TimeProvider time)
{
    private static readonly TimeSpan VerdictPatience = TimeSpan.FromMilliseconds(500);
    private CanaryStage _stage = CanaryStage.Connect;
    private TripTimes _times;

    /// <summary>Makes the trip.</summary>
    /// <returns>The durations, or why the trip failed.</returns>
    public async Task<(TripTimes Times, TripFailure? Failure)> RunAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource();
        await using var deadline = new PeerDeadline(timeout, time, patience.Cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        ProbeSocket? probe = null;
        try
        {
            probe = ProbeSocket.Announce(probes, endpoint.Endpoint, endpoint.Bound!, ProbeKind.Canary);
            var failure = await TravelAsync(probe, limit.Token);
            return (_times, failure);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (_times, new TripFailure(_stage, CanaryFailure.TimedOut, $"not within {timeout.TotalSeconds} s"));
        }
        catch (Exception failure) when (failure is SocketException or IOException or InvalidDataException or AuthenticationException)
        {
            return (_times, await ExplainAsync(failure, probe));
        }
        finally
        {
            probe?.Dispose();
        }
    }

    private async Task<TripFailure?> TravelAsync(ProbeSocket probe, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        await probe.ConnectAsync(cancellationToken);
        await SocketThread.LeaveAsync();
        _times = _times with { Connect = time.GetElapsedTime(startedAt) };

        _stage = CanaryStage.Handshake;
        startedAt = time.GetTimestamp();
        var loadedBefore = store.Current;
        await using var stream = new SslStream(new SocketStream(probe.Socket));
        await stream.AuthenticateAsClientAsync(ClientOptions(), cancellationToken);
        _times = _times with { Handshake = time.GetElapsedTime(startedAt) };

        _stage = CanaryStage.Certificate;
        var served = stream.RemoteCertificate!.GetRawCertData();
        if (!IsServed(served, loadedBefore) && !IsServed(served, store.Current))
        {
            return new TripFailure(
                _stage,
                CanaryFailure.WrongCertificate,
                $"the endpoint served '{stream.RemoteCertificate.Subject}', which is not the loaded certificate");
        }

        _stage = CanaryStage.Session;
        startedAt = time.GetTimestamp();
        var plain = webSocket is null
            ? stream
            : await ClientUpgrade.RunAsync(stream, "localhost", webSocket.Subprotocol, cancellationToken);
        var canary = speaksMqtt ? new MqttCanary(plain) : null;
        if (canary is not null && await canary.ConnectAsync(cancellationToken) is { } refused)
        {
            return Failed(refused);
        }

        // Only the other side knows that it opened a session, because with TLS 1.3 our handshake succeeds before our certificate is
        // judged.
        if (await probe.Ticket.Outcome.WaitAsync(cancellationToken) is { } refusal)
        {
            return Refused(refusal);
        }

        _times = _times with { Session = time.GetElapsedTime(startedAt) };
        return canary is null ? null : await TalkAsync(canary, cancellationToken);
    }

    private async Task<TripFailure?> TalkAsync(MqttCanary canary, CancellationToken cancellationToken)
    {
        _stage = CanaryStage.Subscribe;
        var startedAt = time.GetTimestamp();
        if (await canary.SubscribeAsync(cancellationToken) is { } denied)
        {
            return Failed(denied);
        }

        _times = _times with { Subscribe = time.GetElapsedTime(startedAt) };
        _stage = CanaryStage.Deliver;
        startedAt = time.GetTimestamp();
        if (await canary.DeliverAsync(cancellationToken) is { } lost)
        {
            return Failed(lost);
        }

        _times = _times with { Deliver = time.GetElapsedTime(startedAt) };
        await canary.LeaveAsync(cancellationToken);
        return null;
    }

    private TripFailure Failed(StageFailure failure) => new(_stage, failure.Reason, failure.Detail);

    private SslClientAuthenticationOptions ClientOptions() => new()
    {
        TargetHost = "localhost",
        ClientCertificateContext = certificate,
        AllowTlsResume = false,
        CertificateChainPolicy = TrustPolicy.ForOurselves(),

        // IsServed compares the bytes of the served certificate, which proves more than any chain.
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
    };

    /// <summary>When the certificate was reloaded during the handshake, both the old and the new one are right.</summary>
    private static bool IsServed(byte[] served, TlsMaterial material) => served.AsSpan().SequenceEqual(material.Server.RawData);

    /// <summary>Prefers the other side's reason for the close, because it is more exact than this side's exception.</summary>
    private async Task<TripFailure> ExplainAsync(Exception failure, ProbeSocket? probe)
    {
        if (probe is not null && _stage != CanaryStage.Connect)
        {
            var outcome = probe.Ticket.Outcome;
            await ((Task)outcome).WaitAsync(VerdictPatience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (outcome is { IsCompletedSuccessfully: true, Result: { } refusal })
            {
                return Refused(refusal);
            }
        }

        return new TripFailure(_stage, ReasonOf(failure), failure.InnerException?.Message ?? failure.Message, failure);
    }

    private CanaryFailure ReasonOf(Exception failure) =>
        failure is InvalidDataException ? CanaryFailure.WrongAnswer
        : _stage is CanaryStage.Handshake or CanaryStage.Certificate ? CanaryFailure.HandshakeFailed
        : CanaryFailure.ConnectionFailed;

    private TripFailure Refused(string why) => new(_stage, CanaryFailure.Refused, why);
}
