using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.WebSockets;
using CsCheck;

namespace Cassini.Tests.Listening.WebSockets;

public class UpgradeTests
{
    private const string Right =
        "GET /mqtt HTTP/1.1|Host: broker.example:8884|Upgrade: websocket|Connection: keep-alive, Upgrade|Sec-WebSocket-Version: 13|"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Sec-WebSocket-Protocol: chat, mqtt|";

    [Fact]
    public void Request_CutAnywhere_IsAcceptedWithTheAnswerOfTheStandard() =>
        Gen.Select(Gen.Int[1, 300].Array[1, 10], Gen.Byte.Array[0, 40]).Sample(
            (cuts, rest) =>
            {
                var (answer, refusal, phase) = Run([.. Bytes(Right), .. rest], cuts);

                refusal.ShouldBeNull();
                answer.ShouldBe(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n");

                // What was read too much is kept; what was not is still to be read.
                phase.Rest.ToArray().ShouldBe(rest[..phase.Rest.Length]);
            },
            iter: 300);

    [Theory]
    [InlineData("mqttv3.1", "mqttv3.1")]
    [InlineData("chat, mqttv3.1 , mqtt", "mqttv3.1")]
    [InlineData("mqtt", "mqtt")]
    public void Subprotocol_FirstThatIsSpoken_IsChosen(string offered, string chosen) =>
        Run(Right.Replace("chat, mqtt", offered, StringComparison.Ordinal)).Answer
            .ShouldContain($"\r\nSec-WebSocket-Protocol: {chosen}\r\n");

    [Fact]
    public void Subprotocol_OfferedInTwoFields_IsFound() =>
        Run(Right.Replace("chat, mqtt", "chat|Sec-WebSocket-Protocol: mqtt", StringComparison.Ordinal)).Refusal.ShouldBeNull();

    [Theory]
    [InlineData("GET /mqtt", "POST /mqtt", "405 Method Not Allowed", "Only GET")]
    [InlineData("HTTP/1.1", "HTTP/1.0", "505 HTTP Version Not Supported", "Only HTTP/1.1")]
    [InlineData("HTTP/1.1", "HTTP/2.0", "505 HTTP Version Not Supported", "Only HTTP/1.1")]
    [InlineData("Host: broker.example:8884|", "", "400 Bad Request", "The request must have one Host")]
    [InlineData("Host: broker.example:8884|", "Host: a|Host: b|", "400 Bad Request", "The request must have one Host")]
    [InlineData("Upgrade: websocket|", "", "426 Upgrade Required", "This endpoint speaks WebSocket only, with Sec-WebSocket-Protocol:")]
    [InlineData("Upgrade: websocket|", "Upgrade: h2c|", "426 Upgrade Required", "This endpoint speaks WebSocket only")]
    [InlineData("keep-alive, Upgrade", "keep-alive", "426 Upgrade Required", "This endpoint speaks WebSocket only")]
    [InlineData("Version: 13", "Version: 8", "426 Upgrade Required", "Only version 13")]
    [InlineData("Sec-WebSocket-Version: 13|", "", "426 Upgrade Required", "Only version 13")]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "dGhl", "400 Bad Request", "Sec-WebSocket-Key must be 16 bytes")]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZTEy", "400 Bad Request", "Sec-WebSocket-Key must be 16 bytes")]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "not base64 of 24 letters", "400 Bad Request", "Sec-WebSocket-Key must be 16 bytes")]
    [InlineData("chat, mqtt", "chat", "400 Bad Request", "The request offers no subprotocol that is spoken here")]
    [InlineData("Sec-WebSocket-Protocol: chat, mqtt|", "", "400 Bad Request", "The request offers no subprotocol that is spoken here")]
    [InlineData("chat, mqtt|", "chat, mqtt|Content-Length: 5|", "400 Bad Request", "The request must have no body")]
    [InlineData("chat, mqtt|", "chat, mqtt|Transfer-Encoding: chunked|", "400 Bad Request", "The request must have no body")]
    [InlineData("chat, mqtt|", "chat, mqtt|Origin: https://evil.example|", "403 Forbidden", "Pages of this origin may not connect")]
    [InlineData("Host: broker", " Host: broker", "400 Bad Request", "The head of the request is malformed")]
    [InlineData("Host: broker", "Host : broker", "400 Bad Request", "The head of the request is malformed")]
    [InlineData("Host: broker", "Ho\nst: broker", "400 Bad Request", "The head of the request is malformed")]
    [InlineData("GET /mqtt HTTP/1.1", "GET  /mqtt HTTP/1.1", "400 Bad Request", "The head of the request is malformed")]
    public void Request_AgainstARule_IsAnsweredWithWhatIsWrong(string right, string wrong, string status, string sentence)
    {
        var (answer, refusal, phase) = Run(Right.Replace(right, wrong, StringComparison.Ordinal));

        answer.ShouldStartWith($"HTTP/1.1 {status}\r\n");
        answer.ShouldContain($"\r\n\r\n{sentence}");
        phase.HasAnswered.ShouldBeTrue();
        refusal.ShouldNotBeNull().Detail.ShouldStartWith(sentence);
        refusal.Reason.ShouldBe(status[0..3] == "403" ? HandshakeFailure.ForeignOrigin : HandshakeFailure.NotWebSocket);
    }

    [Fact]
    public void Version_Wrong_IsAnsweredWithTheOneThatIsSpoken() =>
        Run(Right.Replace("Version: 13", "Version: 8", StringComparison.Ordinal)).Answer.ShouldContain("\r\nSec-WebSocket-Version: 13\r\n");

    [Fact]
    public void Request_OfOneByteTooMany_IsTooLong()
    {
        var filler = new string('x', UpgradePhase.LongestHead - Bytes(Right).Length - "X: \r\n".Length);
        Run($"{Right}X: {filler}|").Refusal.ShouldBeNull();

        var (answer, refusal, _) = Run($"{Right}X: {filler}x|");
        answer.ShouldStartWith("HTTP/1.1 431 ");
        refusal!.Detail.ShouldBe("The head of the request is longer than 8,192 bytes.");
    }

    [Theory]
    [InlineData("100C00044D5154540502003C")]
    [InlineData("47001122")]
    [InlineData("00")]
    public void Bytes_ThatAreNoHttp_AreAnsweredAtOnce(string hex)
    {
        var (answer, refusal, _) = Run(Convert.FromHexString(hex), [1_000]);

        answer.ShouldStartWith("HTTP/1.1 400 ");
        refusal!.Detail.ShouldBe("This is no HTTP request: connect with WebSocket.");
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n")]
    public void Peer_ThatClosesBefore_IsNotAnswered(string sent)
    {
        var (answer, refusal, phase) = Run(Encoding.ASCII.GetBytes(sent), [1_000]);

        answer.ShouldBeEmpty();
        refusal.ShouldNotBeNull().Reason.ShouldBe(HandshakeFailure.PeerClosed);
        phase.HasAnswered.ShouldBeFalse();
    }

    [Fact]
    public void Handler_WithoutSubprotocols_TakesAnyClient()
    {
        var (answer, refusal, _) = Run(Bytes(Right), [1_000], new UpgradeRules([], new OriginRule([])));

        refusal.ShouldBeNull();
        answer.ShouldNotContain("Sec-WebSocket-Protocol");
    }

    [Fact]
    public void Request_OfAnyBytes_EndsWithAnAnswerOrTheEnd() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[0, 300]).Sample(
            (noise, at) =>
            {
                var bytes = Bytes(Right);
                noise.AsSpan(0, Math.Min(noise.Length, 20)).CopyTo(bytes.AsSpan(Math.Min(at, bytes.Length - 20)));
                var (answer, refusal, _) = Run(bytes, [7]);
                (answer.Length > 0 || refusal is not null).ShouldBeTrue();
            },
            iter: 1_000);

    /// <summary>A bar stands for the end of a line.</summary>
    private static byte[] Bytes(string request) => Encoding.ASCII.GetBytes(request.Replace("|", "\r\n", StringComparison.Ordinal) + "\r\n");

    private static (string Answer, Streams.Listening.Handshakes.HandshakeRefusal? Refusal, UpgradePhase Phase) Run(string request) =>
        Run(Bytes(request), [10_000]);

    private static (string Answer, Streams.Listening.Handshakes.HandshakeRefusal? Refusal, UpgradePhase Phase) Run(
        byte[] sent, int[] cuts, UpgradeRules? rules = null)
    {
        var stream = new CutStream(sent, cuts);
        var phase = new UpgradePhase(stream, rules ?? new UpgradeRules(["mqtt", "mqttv3.1"], new OriginRule([])));
        var run = phase.RunAsync(TestContext.Current.CancellationToken);

        // A stream in memory never waits.
        run.IsCompletedSuccessfully.ShouldBeTrue();
        return (Encoding.ASCII.GetString(stream.Written.ToArray()), run.GetAwaiter().GetResult(), phase);
    }
}
