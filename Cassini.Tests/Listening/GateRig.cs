using System.Net;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Tests.Supervision;

namespace Cassini.Tests.Listening;

/// <summary>A gate of its own with a clock by hand.</summary>
internal sealed class GateRig : IDisposable
{
    public static readonly IPAddress A = IPAddress.Parse("10.0.0.1");
    public static readonly IPAddress B = IPAddress.Parse("10.0.0.2");

    public GateRig(int total = 100, int perAddress = 100, int pending = 1000, int pendingPerAddress = 1000) => Gate = new HandshakeGate(
        new ListenerOptions
        {
            Endpoints = [ListeningRig.AnyPort],
            MaxHandshakes = total,
            MaxHandshakesPerAddress = perAddress,
            MaxPending = pending,
            MaxPendingPerAddress = pendingPerAddress,
            StallGrace = TimeSpan.FromSeconds(2),
        },
        Time);

    public ManualTimeProvider Time { get; } = new();

    public HandshakeGate Gate { get; }

    public void Dispose() => Gate.Dispose();

    public GatePeer Enter(IPAddress from)
    {
        var peer = new GatePeer();
        peer.Pass = Gate.Enter(from, peer, reserved: false);
        return peer;
    }
}
