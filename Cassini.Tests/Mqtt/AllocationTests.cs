using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Tests.Mqtt;

/// <summary>What every message passes through costs no allocation.</summary>
public class AllocationTests
{
    private const int Rounds = 10_000;

    [Theory]
    [InlineData(4, "30 [ 'sensors/1/temperature' 3231 ]")]
    [InlineData(5, "30 [ 'sensors/1/temperature' [] 3231 ]")]
    [InlineData(
        5, "30 [ 'sensors/1/temperature' [ 01 01 02 00000009 03 'text/plain' 08 'answers' 09 0002 0102 23 0001 26 'a' 'b' ] 3231 ]")]
    [InlineData(5, "32 [ 'sensors/1/temperature' 0001 [ 23 0001 26 'a' 'b' ] 3231 ]")]
    public void Publish_Read_AllocatesNothing(int version, string packet)
    {
        var bytes = Notation.Bytes(packet);
        var scratch = new byte[bytes.Length];
        Allocated(() =>
        {
            FrameReader.Read(bytes, bytes.Length, (ProtocolVersion)version, out var frame, out _, out _);
            var isRead = PublishPacket.TryRead(frame, (ProtocolVersion)version, true, out var publish, out _);
            return isRead && publish.MessageProperties(scratch).Length == publish.MessagePropertiesLength;
        }).ShouldBe(0);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void Publish_Written_AllocatesNothing(int version)
    {
        var to = new byte[100];
        int[] identifiers = [1, 300];
        Allocated(() =>
        {
            var writer = new PublishWriter
            {
                Topic = "sensors/1/temperature"u8,
                Payload = "21"u8,
                MessageProperties = [0x01, 0x01],
                SubscriptionIdentifiers = identifiers,
                MessageExpiryInterval = 9,
                TopicAlias = 1,
            };
            var length = writer.Measure((ProtocolVersion)version);
            writer.Write(to, (ProtocolVersion)version);
            return length > 0;
        }).ShouldBe(0);
    }

    [Theory]
    [InlineData(4, "40 [ 0001 ]")]
    [InlineData(5, "40 [ 0001 ]")]
    [InlineData(5, "50 [ 0001 10 ]")]
    [InlineData(5, "62 [ 0001 92 ]")]
    [InlineData(5, "70 [ 0001 00 [] ]")]
    public void Acknowledgement_ReadAndWritten_AllocatesNothing(int version, string packet)
    {
        var bytes = Notation.Bytes(packet);
        var to = new byte[AckPacket.MaxSize];
        Allocated(() =>
        {
            FrameReader.Read(bytes, bytes.Length, (ProtocolVersion)version, out var frame, out _, out _);
            return AckPacket.TryRead(frame, (ProtocolVersion)version, out var ack, out _) && ack.Write(to, (ProtocolVersion)version) >= 4;
        }).ShouldBe(0);
    }

    [Fact]
    public void Matches_AllocatesNothing() => Allocated(() => TopicFilter.Matches("sensors/+/#"u8, "sensors/1/temperature"u8)).ShouldBe(0);

    private static long Allocated(Func<bool> action)
    {
        for (var i = 0; i < Rounds; i++)
        {
            action().ShouldBeTrue();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Rounds; i++)
        {
            action();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
