using Cassini.Streams.Events;
using Cassini.Streams.Listening.WebSockets;
using CsCheck;

namespace Cassini.Tests.Listening.WebSockets;

public class FrameDecoderTests
{
    private static readonly Gen<byte[]> Payload = Gen.OneOf(
        Gen.Byte.Array[0, 20], Gen.Byte.Array[120, 130], Gen.Byte.Array[65_530, 65_540]);

    private static readonly Gen<Piece> Pieces = Gen.OneOf(
        Gen.Select(Payload, Gen.Bool, (bytes, isFinal) => new Piece(Opcode.Binary, bytes, isFinal)),
        Gen.Select(Payload, Gen.Bool, (bytes, isFinal) => new Piece(Opcode.Binary, bytes, isFinal)),
        Gen.Byte.Array[0, 125].Select(bytes => new Piece(Opcode.Ping, bytes, true)),
        Gen.Byte.Array[0, 125].Select(bytes => new Piece(Opcode.Pong, bytes, true)));

    [Fact]
    public void Frames_CutAnywhere_GiveThePayloadOfTheBinaryOnes() =>
        Gen.Select(Pieces.Array[1, 6], Gen.Int[1, 70_000].Array[1, 8], Gen.UInt).Sample(
            (pieces, cuts, mask) =>
            {
                var bytes = Encode(pieces, mask);
                var decoder = new FrameDecoder();
                var payload = new List<byte>();
                byte[]? ping = null;
                for (var (at, turn) = (0, 0); at < bytes.Length; turn++)
                {
                    var part = bytes.AsSpan(at, Math.Min(cuts[turn % cuts.Length], bytes.Length - at)).ToArray();
                    payload.AddRange(part.AsSpan(0, decoder.Decode(part)));
                    ping = decoder.TakePing() ?? ping;
                    at += part.Length;
                }

                decoder.Violation.ShouldBeNull();
                payload.ToArray().ShouldBe(pieces.Where(piece => piece.Opcode == Opcode.Binary).SelectMany(piece => piece.Bytes).ToArray());
                ping.ShouldBe(pieces.LastOrDefault(piece => piece.Opcode == Opcode.Ping)?.Bytes);
                decoder.TakeEmpty().ShouldBe(pieces.Sum(Empty));
            },
            iter: 300);

    [Fact]
    public void Frames_ReadAheadOnly_AreTakenWithoutPayload() =>
        Gen.Select(Pieces.Array[1, 6], Gen.UInt).Sample(
            (pieces, mask) =>
            {
                // As a reader does that has no buffer: whatever it takes before payload is no payload.
                var bytes = Encode(pieces, mask);
                var decoder = new FrameDecoder();
                var payload = new List<byte>();
                for (var at = 0; at < bytes.Length;)
                {
                    var isAhead = decoder.Ahead > 0;
                    var part = bytes.AsSpan(at, Math.Min(isAhead ? decoder.Ahead : 1_000, bytes.Length - at)).ToArray();
                    var count = decoder.Decode(part);
                    (isAhead && count > 0).ShouldBeFalse();
                    payload.AddRange(part.AsSpan(0, count));
                    at += part.Length;
                }

                payload.ToArray().ShouldBe(pieces.Where(piece => piece.Opcode == Opcode.Binary).SelectMany(piece => piece.Bytes).ToArray());
            },
            iter: 300);

    [Fact]
    public void Frames_OfAnyBytes_NeverThrowAndStopAtAViolation() =>
        Gen.Byte.Array[0, 400].Sample(
            bytes =>
            {
                var decoder = new FrameDecoder();
                decoder.Decode(bytes).ShouldBeInRange(0, bytes.Length);
                if (decoder.IsOver)
                {
                    decoder.Decode(ClientFrames.Of(Opcode.Binary, "more"u8)).ShouldBe(0);
                }
            },
            iter: 5_000);

    [Theory]
    [InlineData("81 85 00000000 68656C6C6F", 1003, CloseReason.WebSocketText, "a text frame")]
    [InlineData("01 80 00000000", 1003, CloseReason.WebSocketText, "a text frame")]
    [InlineData("82 05 68656C6C6F", 1002, CloseReason.WebSocketError, "a frame without a mask")]
    [InlineData("C2 80 00000000", 1002, CloseReason.WebSocketError, "a frame with reserved bits")]
    [InlineData("80 80 00000000", 1002, CloseReason.WebSocketError, "a continuation of no message")]
    [InlineData("02 80 00000000 82 80 00000000", 1002, CloseReason.WebSocketError, "a new message within a message")]
    [InlineData("09 80 00000000", 1002, CloseReason.WebSocketError, "a control frame in fragments")]
    [InlineData("89 FE 0100", 1002, CloseReason.WebSocketError, "a control frame of more than 125 bytes")]
    [InlineData("83 80 00000000", 1002, CloseReason.WebSocketError, "a frame of the reserved opcode 3")]
    [InlineData("8B 80 00000000", 1002, CloseReason.WebSocketError, "a frame of the reserved opcode 11")]
    [InlineData("82 FE 007D 00000000", 1002, CloseReason.WebSocketError, "a frame's length is not encoded in the fewest bytes")]
    [InlineData("82 FF 000000000000FFFF 00000000", 1002, CloseReason.WebSocketError, "a frame's length is not encoded in the fewest bytes")]
    [InlineData("82 FF 8000000000000000 00000000", 1002, CloseReason.WebSocketError, "a frame's length is not encoded in the fewest bytes")]
    [InlineData("88 81 00000000 03", 1002, CloseReason.WebSocketError, "a close frame of one byte")]
    public void Frame_AgainstARule_IsAViolation(string hex, int status, CloseReason reason, string message)
    {
        var decoder = new FrameDecoder();
        decoder.Decode(Convert.FromHexString(hex.Replace(" ", ""))).ShouldBe(0);

        var violation = decoder.Violation.ShouldNotBeNull();
        ((int)violation.Status, violation.Reason).ShouldBe((status, reason));
        violation.Message.ShouldStartWith(message);
    }

    [Theory]
    [InlineData("88 80 00000000", 1000)]
    [InlineData("88 82 00000000 03E9", 1001)]
    [InlineData("88 87 00000000 03E9 68656C6C6F", 1001)]
    public void Close_SaysWhy(string hex, int status)
    {
        var decoder = new FrameDecoder();
        byte[] bytes = [.. Convert.FromHexString(hex.Replace(" ", "")), .. ClientFrames.Of(Opcode.Binary, "late"u8)];
        decoder.Decode(bytes).ShouldBe(0);

        ((int?)decoder.Closed).ShouldBe(status);
    }

    private static byte[] Encode(Piece[] pieces, uint mask)
    {
        var bytes = new List<byte>();
        var isInMessage = false;
        foreach (var piece in pieces)
        {
            var opcode = piece.Opcode == Opcode.Binary && isInMessage ? Opcode.Continuation : piece.Opcode;
            bytes.AddRange(ClientFrames.Of(opcode, piece.Bytes, piece.IsFinal, mask));
            isInMessage = piece.Opcode == Opcode.Binary ? !piece.IsFinal : isInMessage;
        }

        return [.. bytes];
    }

    private static int Empty(Piece piece) =>
        piece.Opcode == Opcode.Binary && piece.Bytes.Length > 0 ? 0 : ClientFrames.Of(piece.Opcode, piece.Bytes).Length;

    private sealed record Piece(Opcode Opcode, byte[] Bytes, bool IsFinal);
}
