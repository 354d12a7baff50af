using System.Net.Sockets;
using System.Security.Authentication;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.WebSockets;
using Cassini.Streams.Primitives;
using Cassini.Streams.Tls.Handshakes;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>
/// From the accept to a proven identity: waits for the peer's whole hello, which needs little memory, then for a slot, and only then
/// begins TLS. On a WebSocket endpoint the upgrade follows, in the same slot. Each step has its own deadline.
/// </summary>
internal sealed class HandshakePhase(ListeningContext context, AcceptedSocket accepted, ConnectionFate fate)
{
    private const int MaxWaitFactor = 3;

    private long _firstByteAt;

    /// <summary>The stream, from the moment that TLS begins.</summary>
    public MutualTlsStream? Stream { get; private set; }

    /// <summary>What is below it, from the same moment.</summary>
    public SocketStream? Transport { get; private set; }

    /// <summary>The upgrade, which is complete when the peer is not refused; null on an endpoint without WebSocket.</summary>
    public UpgradePhase? Upgrade { get; private set; }

    /// <summary>Whether this side ended the handshake, with an alert or an answer that must still arrive.</summary>
    public bool SentReason { get; private set; }

    /// <summary>From the peer's first byte to now.</summary>
    public TimeSpan Duration => context.Time.GetElapsedTime(_firstByteAt);

    /// <summary>Runs it.</summary>
    /// <param name="entered">Its pass at the gate, which ends with the handshake.</param>
    /// <returns>Null when the client certificate was accepted; otherwise why the peer is refused.</returns>
    public async Task<HandshakeRefusal?> RunAsync(GatePass entered)
    {
        using var pass = entered;
        try
        {
            if (await WaitForFirstByteAsync() is { } refusal)
            {
                return refusal;
            }

            var (hello, refused) = await ReadHelloAsync();
            if (refused is not null)
            {
                return refused;
            }

            await WaitForSlotAsync(pass);
            await SocketThread.LeaveAsync();
            var isWebSocket = context.IsWebSocket(accepted.Endpoint);
            var problem = await AuthenticateAsync(hello, isWebSocket);
            if (problem is null && isWebSocket)
            {
                problem = await UpgradeAsync();
            }

            if (problem is null)
            {
                pass.Succeed();
            }

            return problem;
        }
        catch (Exception) when (fate.Refusal is not null)
        {
            return fate.Refusal;
        }
    }

    private async Task<HandshakeRefusal?> WaitForFirstByteAsync()
    {
        using var deadline = Deadline(HandshakeFailure.Silent, context.Options.HandshakeTimeout);
        var first = new byte[ClientHello.LongestMethod];
        int count;
        try
        {
            count = await accepted.Socket.ReceiveAsync(first, SocketFlags.Peek, fate.Ending);
            if (count == 0)
            {
                return new HandshakeRefusal(HandshakeFailure.BareProbe);
            }
        }
        catch (SocketException)
        {
            // Many probes reset the connection instead of closing it.
            return fate.Refusal ?? new HandshakeRefusal(HandshakeFailure.BareProbe);
        }

        _firstByteAt = context.Time.GetTimestamp();
        return ClientHello.RefuseFirst(first.AsSpan(0, count));
    }

    private async Task<(byte[] Record, HandshakeRefusal? Refusal)> ReadHelloAsync()
    {
        using var deadline = Deadline(HandshakeFailure.TimedOut, context.Options.HandshakeTimeout, "did not finish its hello");
        try
        {
            return await ClientHello.ReadAsync(accepted.Socket, fate.Ending);
        }
        catch (SocketException)
        {
            return ([], fate.Refusal ?? new HandshakeRefusal(HandshakeFailure.PeerClosed, "reset in the middle of its hello"));
        }
    }

    private async Task WaitForSlotAsync(GatePass pass)
    {
        var slot = pass.WaitForSlotAsync();
        if (!slot.IsCompleted)
        {
            var patience = context.Options.HandshakeTimeout * MaxWaitFactor;
            using var deadline = Deadline(
                HandshakeFailure.HandshakeLimit, patience, $"got no handshake slot within {patience.TotalSeconds} s");
            await slot.WaitAsync(fate.Ending);
        }
    }

    private async Task<HandshakeRefusal?> AuthenticateAsync(byte[] hello, bool isWebSocket)
    {
        using var deadline = Deadline(HandshakeFailure.TimedOut, context.Options.HandshakeTimeout);
        Transport = new SocketStream(accepted.Socket, hello);
        Stream = new MutualTlsStream(Transport, leaveInnerStreamOpen: false);
        var material = context.Certificates.Current;
        using var verification = new ClientVerification(Stream, material.Judge);
        Transport.FirstWrite = verification.Begin;
        try
        {
            await Stream.AuthenticateAsServerAsync(isWebSocket ? material.WebSocketOptions : material.ServerOptions, fate.Ending);
            OpenSslBuffers.ReleaseWhenIdle(Stream);
            Transport.EndHandshake();
            return null;
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            SentReason = failure is AuthenticationException;

            // The verdict is more exact: when it refused a certificate, this side sees only a general exception, or that the peer closed.
            if (Stream.Verdict.Failure is { } refused)
            {
                return new HandshakeRefusal(refused, Stream.Verdict.Detail);
            }

            var (reason, detail) = HandshakeFailures.Classify(failure);
            return fate.Refusal ?? new HandshakeRefusal(reason, detail);
        }
    }

    private async Task<HandshakeRefusal?> UpgradeAsync()
    {
        using var deadline = Deadline(HandshakeFailure.TimedOut, context.Options.HandshakeTimeout, "did not finish its WebSocket request");
        Upgrade = new UpgradePhase(Stream!, context.Upgrades);
        try
        {
            return await Upgrade.RunAsync(fate.Ending);
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            return fate.Refusal ?? new HandshakeRefusal(HandshakeFailure.PeerClosed, "reset during its WebSocket request");
        }
        finally
        {
            SentReason = Upgrade.HasAnswered;
        }
    }

    private static bool IsExpected(Exception failure) =>
        failure is AuthenticationException or IOException or SocketException or OperationCanceledException;

    private PeerDeadline Deadline(HandshakeFailure reason, TimeSpan after, string? detail = null) =>
        new(after, context.Time, () => fate.Refuse(new HandshakeRefusal(reason, detail)));
}
