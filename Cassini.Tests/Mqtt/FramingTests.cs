using Cassini.Streams.Mqtt;
using CsCheck;

namespace Cassini.Tests.Mqtt;

public class FramingTests
{
    private static readonly Gen<(ProtocolVersion Version, byte[][] Packets)> Streams = GeneratedPackets.Version.SelectMany(
        version => Gen.Bool.SelectMany(fromClient => GeneratedPackets.Packet(version, fromClient).Array[1, 6])
            .Select(packets => (version, packets)));

    [Fact]
    public void Packets_CutAtEveryPosition_AreTheSame() =>
        Streams.Sample(
            stream =>
            {
                var whole = stream.Packets.SelectMany(packet => packet).ToArray();
                for (var cut = 0; cut <= whole.Length; cut++)
                {
                    Receive(stream.Version, whole[..cut], whole[cut..]).ShouldBe(Text(stream.Packets), $"cut at {cut}");
                }
            },
            iter: 60);

    [Fact]
    public void Packets_ByteByByte_AreTheSame() =>
        Streams.Sample(
            stream => Receive(stream.Version, [.. stream.Packets.SelectMany(packet => packet).Select(one => new[] { one })])
                .ShouldBe(Text(stream.Packets)),
            iter: 300);

    [Fact]
    public void Packets_InPiecesOfAnySize_AreTheSame() =>
        Gen.Select(Streams, Gen.Int[1, 50].Array[1, 20]).Sample(
            (stream, sizes) =>
            {
                var whole = stream.Packets.SelectMany(packet => packet).ToArray();
                var pieces = new List<byte[]>();
                for (var (at, turn) = (0, 0); at < whole.Length; turn++)
                {
                    var size = Math.Min(sizes[turn % sizes.Length], whole.Length - at);
                    pieces.Add(whole[at..(at + size)]);
                    at += size;
                }

                Receive(stream.Version, [.. pieces]).ShouldBe(Text(stream.Packets));
            },
            iter: 500);

    [Fact]
    public void Needed_LengthIsKnown_IsTheWholePacket()
    {
        var packet = Notation.Bytes("30 [ 'topic' 0102030405 ]");
        for (var there = 0; there < packet.Length; there++)
        {
            FrameReader.Read(packet.AsSpan(..there), packet.Length, ProtocolVersion.V311, out _, out var needed, out _)
                .ShouldBe(FrameStatus.Incomplete);
            needed.ShouldBe(there < 2 ? 0 : packet.Length);
        }
    }

    [Fact]
    public void Packet_OfExactlyTheLargestSize_IsRead()
    {
        var packet = Notation.Bytes("30 [ 'topic' 0102030405 ]");
        FrameReader.Read(packet, packet.Length, ProtocolVersion.V311, out _, out _, out _).ShouldBe(FrameStatus.Complete);
    }

    /// <summary>As a connection reads: what has come is kept until it is a packet.</summary>
    private static string Receive(ProtocolVersion version, params byte[][] pieces)
    {
        var packets = new List<byte[]>();
        byte[] kept = [];
        foreach (var piece in pieces)
        {
            kept = [.. kept, .. piece];
            Frame frame;
            int needed;
            ProtocolViolation violation;
            while (FrameReader.Read(kept, int.MaxValue, version, out frame, out needed, out violation) == FrameStatus.Complete)
            {
                packets.Add(frame.Whole.ToArray());
                kept = kept[frame.Whole.Length..];
            }

            violation.ShouldBe(default);
            (needed == 0 || needed > kept.Length).ShouldBeTrue();
        }

        kept.ShouldBeEmpty();
        return Text(packets);
    }

    private static string Text(IEnumerable<byte[]> packets) => string.Join(' ', packets.Select(Convert.ToHexString));
}
