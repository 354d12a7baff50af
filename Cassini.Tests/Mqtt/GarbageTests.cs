using Cassini.Streams.Mqtt;
using CsCheck;

namespace Cassini.Tests.Mqtt;

/// <summary>Whatever comes, the codec keeps its promises; <see cref="CodecJudge"/> throws when it does not.</summary>
public class GarbageTests
{
    private static readonly Gen<(ProtocolVersion Version, bool FromClient)> Peer = Gen.Select(GeneratedPackets.Version, Gen.Bool);

    private static readonly Gen<(ProtocolVersion Version, bool FromClient, byte[] Packet)> Sent = Peer.SelectMany(
        peer => GeneratedPackets.Packet(peer.Version, peer.FromClient).Select(packet => (peer.Version, peer.FromClient, packet)));

    [Fact]
    public void Bytes_AtRandom_AreJudged() =>
        Gen.Select(Gen.Byte.Array[0, 60], Peer).Sample((bytes, peer) => Judge(bytes, peer.Version, peer.FromClient), iter: 40_000);

    [Fact]
    public void Bytes_AtRandomBehindAGoodHeader_AreJudged() =>
        Gen.Select(Gen.Int[1, 15], Gen.Byte.Array[0, 60], Peer).Sample(
            (type, body, peer) =>
            {
                var flags = type is 6 or 8 or 10 ? 2 : type == 3 && body.Length > 0 ? body[^1] % 6 : 0;
                Judge([(byte)((type << 4) | flags), .. Notation.Length(body.Length), .. body], peer.Version, peer.FromClient);
            },
            iter: 40_000);

    [Fact]
    public void Packet_WithBitsFlipped_IsJudged() =>
        Gen.Select(Sent, Gen.UInt.Array[1, 4]).Sample(
            (sent, flips) =>
            {
                foreach (var flip in flips)
                {
                    var bit = flip % (uint)(sent.Packet.Length * 8);
                    sent.Packet[bit / 8] ^= (byte)(1 << (int)(bit % 8));
                }

                Judge(sent.Packet, sent.Version, sent.FromClient);
            },
            iter: 15_000);

    [Fact]
    public void Packet_WithAByteSetInsertedOrRemoved_IsJudged() =>
        Gen.Select(Sent, Gen.UInt, Gen.Byte, Gen.Int[0, 2]).Sample(
            (sent, where, value, what) =>
            {
                var at = (int)(where % (uint)sent.Packet.Length);
                byte[] bytes = what switch
                {
                    0 => [.. sent.Packet[..at], value, .. sent.Packet[(at + 1)..]],
                    1 => [.. sent.Packet[..at], value, .. sent.Packet[at..]],
                    _ => [.. sent.Packet[..at], .. sent.Packet[(at + 1)..]],
                };
                Judge(bytes, sent.Version, sent.FromClient);
            },
            iter: 15_000);

    [Fact]
    public void Packet_CutOffWithItsLengthMended_IsJudgedAtEveryPosition() =>
        Sent.Sample(
            sent =>
            {
                VariableByteInteger.Read(sent.Packet.AsSpan(1), out var length);
                var body = sent.Packet[^length..];
                for (var cut = 0; cut < body.Length; cut++)
                {
                    Judge([sent.Packet[0], .. Notation.Length(cut), .. body[..cut]], sent.Version, sent.FromClient);
                }
            },
            iter: 250);

    [Fact]
    public void Packet_CutOff_IsIncompleteAtEveryPosition() =>
        Sent.Sample(
            sent =>
            {
                for (var cut = 0; cut < sent.Packet.Length; cut++)
                {
                    CodecJudge.Read(sent.Packet.AsSpan(..cut), sent.Version, sent.FromClient).Status.ShouldBe(FrameStatus.Incomplete);
                }
            },
            iter: 1_000);

    [Fact]
    public void Packet_OfOneVersionReadAsTheOther_IsJudged() =>
        Sent.Sample(
            sent => Judge(
                sent.Packet, sent.Version == ProtocolVersion.V500 ? ProtocolVersion.V311 : ProtocolVersion.V500, !sent.FromClient),
            iter: 15_000);

    [Fact]
    public void Packets_SplicedTogether_AreJudged() =>
        Gen.Select(
            Peer.SelectMany(peer => GeneratedPackets.Packet(peer.Version, peer.FromClient).Array[2, 2].Select(two => (peer, two))),
            Gen.UInt, Gen.UInt)
            .Sample(
                (sent, first, second) =>
                {
                    var (one, other) = (sent.two[0], sent.two[1]);
                    Judge(
                        [.. one[..(int)(first % (uint)one.Length)], .. other[(int)(second % (uint)other.Length)..]],
                        sent.peer.Version,
                        sent.peer.FromClient);
                },
                iter: 15_000);

    [Fact]
    public void Packets_Valid_AreReadWhole() =>
        Sent.Sample(
            sent =>
            {
                var reading = CodecJudge.Read(sent.Packet, sent.Version, sent.FromClient);
                reading.Status.ShouldBe(FrameStatus.Incomplete, reading.Violation.ToString());
                reading.Consumed.ShouldBe(sent.Packet.Length);
                reading.Packets.ShouldHaveSingleItem();
            },
            iter: 5_000);

    private static void Judge(byte[] bytes, ProtocolVersion version, bool fromClient)
    {
        CodecJudge.Read(bytes, version, fromClient).Consumed.ShouldBeLessThanOrEqualTo(bytes.Length);
        CodecJudge.Read(bytes, version: null, fromClient);
    }
}
