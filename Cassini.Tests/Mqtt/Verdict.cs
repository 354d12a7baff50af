using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Mqtt;

/// <summary>What the codec makes of one packet, for tests that name a clause.</summary>
internal static class Verdict
{
    public static void ShouldBeAccepted(int version, string packet, bool fromClient = true)
    {
        var bytes = Notation.Bytes(packet);
        var reading = Read(version, bytes, fromClient);
        reading.Violation.ShouldBe(default);
        reading.Consumed.ShouldBe(bytes.Length);
        reading.Packets.ShouldHaveSingleItem();
    }

    public static void ShouldBeRefused(int version, string packet, int reason, string clause, bool fromClient = true) =>
        ShouldBeRefused(version, Notation.Bytes(packet), reason, clause, fromClient);

    public static void ShouldBeRefused(int version, byte[] bytes, int reason, string clause, bool fromClient = true)
    {
        var reading = Read(version, bytes, fromClient);
        reading.Status.ShouldBe(FrameStatus.Violation);
        (reading.Violation.Clause, reading.Violation.Reason).ShouldBe((clause, (ReasonCode)reason), reading.Violation.Message);
        reading.Packets.ShouldBeEmpty();
    }

    /// <summary>A server does not know the version before CONNECT tells it.</summary>
    private static Reading Read(int version, byte[] bytes, bool fromClient) =>
        CodecJudge.Read(bytes, bytes[0] >> 4 == (int)PacketType.Connect ? null : (ProtocolVersion)version, fromClient);
}
