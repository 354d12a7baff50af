using System.Globalization;

namespace Cassini.Bystander.Attacks;

/// <summary>What the attacker did, and what the broker refused of it.</summary>
internal sealed class Tally
{
    private long _connected;
    private long _refused;
    private long _cut;
    private long _refusedPackets;
    private long _sent;
    private long _received;

    public void Connected() => Interlocked.Increment(ref _connected);

    public void Refused() => Interlocked.Increment(ref _refused);

    public void Cut() => Interlocked.Increment(ref _cut);

    public void RefusedPacket() => Interlocked.Increment(ref _refusedPackets);

    public void Sent(int bytes) => Interlocked.Add(ref _sent, bytes);

    public void Received(int bytes) => Interlocked.Add(ref _received, bytes);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{_connected} connected, {_refused} refused, {_cut} cut off, {_refusedPackets} packets or filters refused, "
        + $"{_sent / 1e6:F1} MB sent, {_received / 1e6:F1} MB received");
}
