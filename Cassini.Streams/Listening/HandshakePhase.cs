using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;

namespace Cassini.Streams.Listening;

/// <summary>
/// From the accept to a proven identity: waits for the peer's first byte while it costs next to nothing, then for a place,
/// and only then begins TLS. Each step has its own deadline.
/// </summary>
internal sealed class HandshakePhase(ListeningContext context, AcceptedSocket accepted, ConnectionFate fate)
{
    private const byte HandshakeRecord = 0x16; // RFC 8446, section 5.1: ContentType handshake(22)
    private const int MaxWaitFactor = 3;

    private long _firstByteAt;

    /// <summary>The stream, from the moment that TLS begins.</summary>
    public MutualTlsStream? Stream { get; private set; }

    /// <summary>From the peer's first byte to now.</summary>
    public TimeSpan Duration => context.Time.GetElapsedTime(_firstByteAt);

    /// <summary>Runs it.</summary>
    /// <param name="entered">The stay at the gate, which ends with the handshake; null when the gate let nobody in.</param>
    /// <returns>Null when the peer proved who it is; else why it is refused.</returns>
    public async Task<Refusal?> RunAsync(GatePass? entered)
    {
        using var pass = entered;
        if (pass is null)
        {
            return new Refusal(HandshakeFailure.HandshakeLimit, $"{context.Options.MaxPending} connections wait for a handshake");
        }

        try
        {
            if (await WaitForFirstByteAsync() is { } refusal)
            {
                return refusal;
            }

            await WaitForPlaceAsync(pass);
            return await AuthenticateAsync();
        }
        catch (Exception) when (fate.Refusal is not null)
        {
            return fate.Refusal;
        }
    }

    private async Task<Refusal?> WaitForFirstByteAsync()
    {
        using var deadline = Deadline(HandshakeFailure.Silent, context.Options.HandshakeTimeout);
        var first = new byte[1];
        try
        {
            if (await accepted.Socket.ReceiveAsync(first, SocketFlags.Peek, fate.Ending) == 0)
            {
                return new Refusal(HandshakeFailure.BareProbe);
            }
        }
        catch (SocketException)
        {
            return fate.Refusal ?? new Refusal(HandshakeFailure.BareProbe); // reset, not closed: as many probes do it
        }

        _firstByteAt = context.Time.GetTimestamp();
        return first[0] == HandshakeRecord
            ? null
            : new Refusal(HandshakeFailure.NotTls, string.Create(CultureInfo.InvariantCulture, $"its first byte is 0x{first[0]:x2}"));
    }

    private async Task WaitForPlaceAsync(GatePass pass)
    {
        var place = pass.WaitForPlaceAsync();
        if (!place.IsCompleted)
        {
            var patience = context.Options.HandshakeTimeout * MaxWaitFactor;
            using var deadline = Deadline(HandshakeFailure.HandshakeLimit, patience, $"found no place within {patience.TotalSeconds} s");
            await place.WaitAsync(fate.Ending);
        }
    }

    private async Task<Refusal?> AuthenticateAsync()
    {
        using var deadline = Deadline(HandshakeFailure.TimedOut, context.Options.HandshakeTimeout);
        Stream = new MutualTlsStream(new NetworkStream(accepted.Socket, ownsSocket: false), leaveInnerStreamOpen: false);
        try
        {
            await Stream.AuthenticateAsServerAsync(context.Certificates.Current.ServerOptions, fate.Ending);
            return null;
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            // The verdict knows best: what it refused surfaces as a vague exception, or as the peer's hasty close.
            if (Stream.Verdict.Failure is { } refused)
            {
                return new Refusal(refused, Stream.Verdict.Detail);
            }

            var (reason, detail) = HandshakeFailures.Classify(failure);
            return fate.Refusal ?? new Refusal(reason, detail);
        }
    }

    private static bool IsExpected(Exception failure) =>
        failure is AuthenticationException or IOException or SocketException or OperationCanceledException;

    private HandshakeDeadline Deadline(HandshakeFailure reason, TimeSpan after, string? detail = null) =>
        new(fate, new Refusal(reason, detail), after, context.Time);
}
