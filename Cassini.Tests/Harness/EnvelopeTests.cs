using Cassini.Harness.Load;
using Cassini.Harness.Messages;
using CsCheck;

namespace Cassini.Tests.Harness;

public class EnvelopeTests
{
    private static readonly Gen<MessageId> Ids = Gen.Select(Gen.UShort, Gen.UShort, Gen.UShort, Gen.UShort, Gen.Long[0, long.MaxValue])
        .Select((test, publisher, client, key, sequence) => new MessageId(test, publisher, client, key, sequence));

    private static readonly Gen<byte[]> Bodies = Gen.Byte.Array[0, 300];

    [Fact]
    public void Envelope_Sealed_OpensAsWhatItWas() => Gen.Select(Ids, Bodies, Gen.ULong).Sample((id, body, run) =>
    {
        Envelope.Open(Seal(id, body, run), run, out var opened).ShouldBe(EnvelopeKind.Good);
        opened.ShouldBe(id);
    });

    [Fact]
    public void Envelope_AnyBitFlipped_IsCorrupt() => Gen.Select(Ids, Bodies, Gen.ULong, Gen.UInt).Sample((id, body, run, at) =>
    {
        var payload = Seal(id, body, run);
        var bit = (int)(at % (uint)(payload.Length * 8));
        payload[bit / 8] ^= (byte)(1 << (bit % 8));

        Envelope.Open(payload, run, out _).ShouldBe(EnvelopeKind.Corrupt);
    });

    [Fact]
    public void Envelope_CutShort_IsCorrupt() => Gen.Select(Ids, Bodies, Gen.ULong, Gen.UInt).Sample((id, body, run, at) =>
    {
        var payload = Seal(id, body, run);
        var length = 4 + (int)(at % (uint)(payload.Length - 4));

        Envelope.Open(payload.AsSpan(0, length), run, out _).ShouldBe(EnvelopeKind.Corrupt);
    });

    [Fact]
    public void Envelope_OfAnotherRun_IsForeign() => Gen.Select(Ids, Bodies, Gen.ULong).Sample((id, body, run) =>
        Envelope.Open(Seal(id, body, run), run + 1, out _).ShouldBe(EnvelopeKind.Foreign));

    [Fact]
    public void Envelope_OfAnotherProgram_IsForeign() =>
        Gen.Byte.Array[0, 300].Where(payload => payload is not [(byte)'C', (byte)'S', (byte)'N', (byte)'1', ..])
        .Sample(payload => Envelope.Open(payload, 12345, out _).ShouldBe(EnvelopeKind.Foreign));

    [Theory]
    [InlineData("""{ "random": {} }""")]
    [InlineData("""{ "random": { "seed": 7 } }""")]
    [InlineData("""{ "fixed": "hello" }""")]
    [InlineData("""{ "template": "{{seq}} of {{key}} by {{publisher}}, {{client}}; " }""")]
    public void Messages_OfOneSeed_AreTheSameAndOfAnotherAreNot(string payload)
    {
        MessagesOf(payload, 42).ShouldBe(MessagesOf(payload, 42));
        MessagesOf(payload, 43).ShouldNotBe(MessagesOf(payload, 42));
    }

    [Fact]
    public void Messages_OfOnePlan_AreTheseBytesForEver() =>
        MessagesOf("""{ "random": {} }""", 42)[1].ShouldBe(
            "43534e31ba90d262124eafab000000000001000100000000000000019c4859834bee31bb"
            + "534519a6b17da4f1795c0eb438c22c2d303714768145d6e44bda8acef4ee6551d53264e3a0280ed3365f4025");

    [Fact]
    public void Template_Filled_RepeatsUntilTheMessageIsFull()
    {
        var body = MessageOf("""{ "template": "{{seq}}/{{key}}/{{publisher}}/{{client}};" }""", 42, 5)[Envelope.Size..];

        System.Text.Encoding.UTF8.GetString(body).ShouldBe("5/2/p/1;5/2/p/1;5/2/");
    }

    private static byte[] Seal(MessageId id, byte[] body, ulong run)
    {
        var payload = new byte[Envelope.Size + body.Length];
        body.CopyTo(payload, Envelope.Size);
        Envelope.Seal(payload, run, id);
        return payload;
    }

    private static List<string> MessagesOf(string payload, long seed) =>
        [.. Enumerable.Range(0, 5).Select(sequence => Convert.ToHexStringLower(MessageOf(payload, seed, sequence)))];

    private static byte[] MessageOf(string payload, long seed, long sequence)
    {
        var plan = PlanText.Good(PlanText.With(
            $$"""{ "name": "p", "topic": "t", "messages": 10, "clients": 2, "keys": 3, "messageSize": 80, "payload": {{payload}} }""",
            more: $""" "seed": {seed},"""));
        return new MessageFactory(LoadRun.Of(plan, plan.Tests[0]), plan.Tests[0].Publishers[0], client: 1).Make(sequence);
    }
}
