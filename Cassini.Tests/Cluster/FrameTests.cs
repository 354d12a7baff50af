using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Tests.Cluster;

/// <summary>Frames between nodes: what is written is read, and nothing else is.</summary>
public class FrameTests
{
    private static readonly ClusterPeer Peer = new();

    private static readonly FrameHeader Header = new(FrameKind.Sure, 7, 8, 9, 10, 11);

    [Fact]
    public void Frame_WrittenAndRead_IsTheSame()
    {
        var random = new Random(1);
        for (var round = 0; round < 500; round++)
        {
            var written = Enumerable.Range(0, random.Next(1, 6)).Select(_ => Message.Any(random)).ToList();
            var frame = FrameOf(written);

            FrameHeader.TryRead(frame, out var header).ShouldBeTrue();
            header.ShouldBe(Header);
            ReadOnlySpan<byte> body = frame.AsSpan(FrameHeader.Size);
            foreach (var message in written)
            {
                FrameRecord.TryRead(ref body, Peer, out var read).ShouldBeTrue();
                new Message(
                    Encoding.UTF8.GetString(read.Topic), read.Payload.ToArray(), read.Properties.ToArray(), read.Expiry, read.QoS,
                    read.Share)
                    .ShouldBeEquivalentTo(message);
                read.Hops.ShouldBe((byte)0);
            }

            FrameRecord.TryRead(ref body, Peer, out _).ShouldBeFalse();
        }
    }

    // One bit, and one byte less or more.
    [Fact]
    public void Frame_Damaged_IsRefused()
    {
        var random = new Random(2);
        var frame = FrameOf([Message.Any(random), Message.Any(random)]);
        for (var bit = 0; bit < frame.Length * 8; bit++)
        {
            // The fourth byte is for later versions.
            if (bit / 8 != 3)
            {
                frame[bit / 8] ^= (byte)(1 << (bit % 8));
                FrameHeader.TryRead(frame, out _).ShouldBeFalse($"bit {bit}");
                frame[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        FrameHeader.TryRead(frame.AsSpan(..^1), out _).ShouldBeFalse();
        FrameHeader.TryRead([.. frame, 0], out _).ShouldBeFalse();
        FrameHeader.TryRead(default, out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 300)]
    [InlineData(3, 2_000)]
    public void Addressing_WrittenAndRead_IsTheSame(byte number, int count)
    {
        var addressing = (Addressing)number;
        var random = new Random(4);
        ulong[] clients = [.. Enumerable.Range(0, count).Select(_ => (ulong)random.NextInt64())];
        var bytes = new byte[FrameRecord.MostBytesOfAddressing(count)];
        var length = FrameRecord.WriteAddressing(bytes, addressing, clients);

        ReadOnlySpan<byte> body = bytes.AsSpan(0, length);
        FrameRecord.TryReadMark(ref body, out _).ShouldBeFalse();
        FrameRecord.TryRead(ref body, Peer, out _).ShouldBeFalse("it is no message");
        FrameRecord.TryReadAddressing(ref body, out var read, out var named).ShouldBeTrue();
        body.IsEmpty.ShouldBeTrue();
        read.ShouldBe(addressing);
        named.ShouldBe(clients);

        ReadOnlySpan<byte> cut = bytes.AsSpan(0, length - 1);
        FrameRecord.TryReadAddressing(ref cut, out _, out _).ShouldBeFalse();
    }

    // Whoever can send to a node may send anything: it ends, and reads within the frame.
    [Fact]
    public void Records_OfAnyBytes_EndWithoutAnException()
    {
        var random = new Random(3);
        var bytes = new byte[200];
        for (var round = 0; round < 20_000; round++)
        {
            random.NextBytes(bytes);
            ReadOnlySpan<byte> body = bytes.AsSpan(0, random.Next(bytes.Length));
            var before = body.Length + 1;
            var message = default(PeerMessage);
            while (FrameRecord.TryReadAddressing(ref body, out _, out _) || FrameRecord.TryRead(ref body, Peer, out message))
            {
                body.Length.ShouldBeLessThan(before);
                (message.Topic.IsEmpty || TopicName.IsValid(message.Topic)).ShouldBeTrue();
                before = body.Length;
            }
        }
    }

    private static byte[] FrameOf(IReadOnlyList<Message> messages)
    {
        var buffer = new byte[100_000];
        var length = FrameHeader.Size;
        foreach (var message in messages)
        {
            var publication = message.ToPublication();
            var written = FrameRecord.Write(buffer.AsSpan(length), publication, message.QoS, origin: 7, Audience.All, message.Share);
            written.ShouldBeLessThanOrEqualTo(FrameRecord.MostBytesOf(publication, message.Share));
            length += written;
        }

        var frame = buffer[..length];
        Header.Write(frame);
        return frame;
    }

    private sealed record Message(
        string Topic, byte[] Payload, byte[] Properties, uint? Expiry, QualityOfService QoS, string? Share)
    {
        private static readonly Account Nobody = new AccountTable(QuotaOptions.Whole).OfBroker;

        public static Message Any(Random random)
        {
            var payload = new byte[random.Next(3) switch { 0 => 0, 1 => random.Next(200), _ => random.Next(20_000) }];
            var properties = new byte[random.Next(2) * random.Next(300)];
            random.NextBytes(payload);
            random.NextBytes(properties);
            return new Message(
                string.Join('/', Enumerable.Range(0, random.Next(1, 40)).Select(_ => $"ü{random.Next()}")), payload, properties,
                random.Next(2) == 0 ? null : (uint)random.Next(), (QualityOfService)random.Next(3),
                random.Next(2) == 0 ? null : $"$share/g{random.Next()}/ü/#");
        }

        public Publication ToPublication() => new()
        {
            Topic = new Topic(Encoding.UTF8.GetBytes(Topic), isListed: false, 0),
            Account = Nobody,
            Payload = Payload,
            Properties = Properties,
            Expiry = Expiry,
            QoS = QoS,
        };
    }
}
