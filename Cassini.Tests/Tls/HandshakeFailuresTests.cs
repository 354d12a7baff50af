using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Streams.Tls.Clients;
using Cassini.Streams.Tls.Files;
using Cassini.Streams.Tls.Handshakes;

namespace Cassini.Tests.Tls;

/// <summary>What is made of handshakes that fail before there is a certificate to judge: with real peers.</summary>
public sealed class HandshakeFailuresTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly ScratchDirectory _directory = new();
    private readonly TlsMaterial _material;

    public HandshakeFailuresTests() =>
        _material = TlsMaterial.Create(TlsFileSet.Read(_authority.Write(_directory.Path)), TimeProvider.System);

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("-tls1_1")]
    [InlineData("-tls1")]
    public async Task Peer_OfAnOldTlsVersion_IsUnsupportedProtocol(string version)
    {
        var result = await WithOpenSslAsync(version, "-cipher", "DEFAULT@SECLEVEL=0");

        result.Outcome.ShouldBe(HandshakeFailure.UnsupportedProtocol, result.ServerException?.ToString());
        result.Detail.ShouldNotBeNull().ShouldContain("protocol");
    }

    [Fact]
    public async Task Peer_WithoutACipherInCommon_IsUnsupportedProtocol()
    {
        var result = await WithOpenSslAsync("-tls1_2", "-cipher", "AES128-SHA");

        result.Outcome.ShouldBe(HandshakeFailure.UnsupportedProtocol, result.ServerException?.ToString());
        result.Detail.ShouldBe("no shared cipher");
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task Peer_ThatDoesNotTrustUs_IsPeerAlert(string version)
    {
        using var other = new TestAuthority("Another CA");
        File.WriteAllText(_directory["other.pem"], other.Certificate.ExportCertificatePem());

        var result = await WithOpenSslAsync(version, "-CAfile", _directory["other.pem"], "-verify_return_error");

        result.Outcome.ShouldBe(HandshakeFailure.PeerAlert, result.ServerException?.ToString());
        result.Detail.ShouldBe("the peer sent the alert unknown_ca");
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task Peer_ThatIsOpenSslWithoutCertificate_IsNoCertificate(string version) =>
        (await WithOpenSslAsync(version)).Outcome.ShouldBe(HandshakeFailure.NoCertificate);

    [Theory]
    [InlineData("-tls1_2", SslProtocols.Tls12)]
    [InlineData("-tls1_3", SslProtocols.Tls13)]
    public async Task Peer_ThatIsOpenSslWithItsCertificate_IsAccepted(string version, SslProtocols protocol)
    {
        using var client = _authority.IssueClient("alice", new() { Rsa = true });
        var (certificate, key) = _authority.WriteClient(_directory.Path, client);

        var result = await WithOpenSslAsync(
            version, "-cert", certificate, "-key", key, "-CAfile", _directory["ca.pem"], "-verify_return_error");

        result.Verdict.Identity.ShouldBe("alice");
        result.Verdict.Accepted.ShouldBeTrue(result.ServerException?.ToString());
        result.Protocol.ShouldBe(protocol);
    }

    [Fact]
    public async Task Peer_ThatComesBackWithItsSession_IsJudgedAgain()
    {
        // The verdict of another day must not come back with the session.
        OpenSsl.Require();
        var time = new SettableTime();
        var material = TlsMaterial.Create(TlsFileSet.Read(_authority.Write(_directory.Path)), time);
        using var client = _authority.IssueClient("alice", new() { NotAfter = time.Now.AddHours(1) });
        var (certificate, key) = _authority.WriteClient(_directory.Path, client);
        string[] arguments = ["-tls1_2", "-cert", certificate, "-key", key];

        var first = await WithOpenSslAsync(material, [.. arguments, "-sess_out", _directory["session"]]);
        first.Verdict.Accepted.ShouldBeTrue(first.ServerException?.ToString());
        File.Exists(_directory["session"]).ShouldBeTrue("a session can be resumed");

        var second = await WithOpenSslAsync(material, [.. arguments, "-sess_in", _directory["session"]]);
        second.Verdict.Identity.ShouldBe("alice");
        second.Verdict.Accepted.ShouldBeTrue(second.ServerException?.ToString());

        time.Now = time.Now.AddHours(2);
        var third = await WithOpenSslAsync(material, [.. arguments, "-sess_in", _directory["session"]]);
        third.Outcome.ShouldBe(HandshakeFailure.ExpiredCertificate, third.ServerException?.ToString());
    }

    [Fact]
    public async Task Connection_ThatIsSilent_HoldsNoOpenSslBuffers()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the buffers are OpenSSL's on Linux only");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = _authority.IssueClient();
        var peer = Handshake.ConnectAsync(((IPEndPoint)listener.LocalEndpoint).Port, SslProtocols.Tls13, client, [], trusts: true);
        using var socket = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        await using var tls = new MutualTlsStream(new SocketStream(socket), leaveInnerStreamOpen: false);
        await tls.AuthenticateAsServerAsync(_material.ServerOptions, TestContext.Current.CancellationToken);

        OpenSslBuffers.ReleaseWhenIdle(tls).ShouldBeTrue("this runtime's SslStream is not the one that the saving was written for");

        await tls.WriteAsync("ok"u8.ToArray(), TestContext.Current.CancellationToken);
        await peer;
    }

    [Fact]
    public async Task Peer_ThatSaysHttp_IsNotTls() =>
        (await WithBytesAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray())).Outcome.ShouldBe(HandshakeFailure.NotTls);

    [Fact]
    public async Task Peer_ThatSaysMqttInTheClear_IsNotTls() =>
        (await WithBytesAsync([0x10, 0x0C, 0x00, 0x04, .. "MQTT"u8, 0x05, 0x02, 0x00, 0x3C])).Outcome.ShouldBe(HandshakeFailure.NotTls);

    [Theory]
    [InlineData("160301000501000001FF", HandshakeFailure.ProtocolError)] // a hello of one byte
    [InlineData("16030100040E000000", HandshakeFailure.ProtocolError)] // ServerHelloDone from a client
    [InlineData("15030100020200", HandshakeFailure.ProtocolError)] // an alert where a hello should be
    [InlineData("1603FF0010000102030405060708090A0B0C0D0E0F", HandshakeFailure.ProtocolError)] // no handshake message
    [InlineData("1603010002DEAD", HandshakeFailure.PeerClosed)] // half a message, then the end
    public async Task Peer_ThatSpeaksTlsBadly_IsRecognized(string hex, HandshakeFailure reason)
    {
        var result = await WithBytesAsync(Convert.FromHexString(hex));

        result.Outcome.ShouldBe(reason, result.ServerException?.ToString());
    }

    [Fact]
    public async Task Peer_ThatSendsGarbageInARecord_IsProtocolError()
    {
        var garbage = new byte[0x105];
        new Random(1).NextBytes(garbage);
        Convert.FromHexString("1603010100").CopyTo(garbage, 0);

        var result = await WithBytesAsync(garbage);

        result.Outcome.ShouldBe(HandshakeFailure.ProtocolError, result.ServerException?.ToString());
        result.Detail.ShouldNotBeNull().Length.ShouldBeLessThanOrEqualTo(200);
    }

    [Fact]
    public async Task Peer_ThatEndsInMidHello_IsPeerClosed() =>
        (await WithBytesAsync(Convert.FromHexString("16030102000100"))).Outcome.ShouldBe(HandshakeFailure.PeerClosed);

    [Fact]
    public async Task Peer_ThatEndsAfterTheServersHello_IsPeerClosed()
    {
        var result = await Handshake.WithAsync(_material.ServerOptions, async port =>
        {
            // A relay that lets one flight through each way and then hangs up.
            using var relay = new TcpListener(IPAddress.Loopback, 0);
            relay.Start();
            var client = Handshake.ConnectAsync(((IPEndPoint)relay.LocalEndpoint).Port, SslProtocols.Tls12, null, [], trusts: true);
            using (var near = await relay.AcceptSocketAsync(TestContext.Current.CancellationToken))
            using (var far = await ConnectAsync(port))
            {
                var buffer = new byte[64 << 10];
                await far.SendAsync(buffer.AsMemory(0, await near.ReceiveAsync(buffer)));
                (await far.ReceiveAsync(buffer)).ShouldBeGreaterThan(0);
            }

            await client;
        });

        result.Outcome.ShouldBe(HandshakeFailure.PeerClosed, result.ServerException?.ToString());
    }

    [Fact]
    public async Task Peer_ThatResets_IsPeerClosed()
    {
        var result = await Handshake.WithAsync(_material.ServerOptions, async port =>
        {
            using var socket = await ConnectAsync(port);
            await socket.SendAsync(Convert.FromHexString("16030102000100"), TestContext.Current.CancellationToken);
            socket.LingerState = new LingerOption(true, 0);
        });

        result.Outcome.ShouldBe(HandshakeFailure.PeerClosed, result.ServerException?.ToString());
    }

    [Fact]
    public async Task Peer_ThatStallsUntilCancelled_IsTimedOut()
    {
        using var cancellation = new CancellationTokenSource();
        var result = await Handshake.UntilCancelledAsync(
            _material.ServerOptions,
            async port =>
            {
                using var socket = await ConnectAsync(port);
                await socket.SendAsync(Convert.FromHexString("16030102000100"), TestContext.Current.CancellationToken);
                await cancellation.CancelAsync();
                (await socket.ReceiveAsync(new byte[1])).ShouldBe(0, "the server hangs up");
            },
            cancellation.Token);

        result.Outcome.ShouldBe(HandshakeFailure.TimedOut, result.ServerException?.ToString());
    }

    [Fact]
    public void Verdict_BesideAnException_Wins()
    {
        var verdict = new ClientVerdict(HandshakeFailure.RevokedCertificate, "was revoked", "bad", "00", null);

        HandshakeFailures.Classify(new AuthenticationException("rejected"), verdict)
            .ShouldBe((HandshakeFailure.RevokedCertificate, "was revoked"));
    }

    [Fact]
    public void Exception_ThatNoPeerCanCause_IsACrash() =>
        HandshakeFailures.Classify(new InvalidOperationException("a bug"), ClientVerdict.NotJudged)
            .ShouldBe((HandshakeFailure.Crashed, "InvalidOperationException: a bug"));

    [Fact]
    public void Detail_OfAHostileText_IsOneBoundedLine()
    {
        var (_, detail) = HandshakeFailures.Classify(new AuthenticationException("evil\r\n\u001b[2J" + new string('x', 1000)));

        detail.ShouldNotBeNull();
        detail.Length.ShouldBeLessThanOrEqualTo(200);
        detail.ShouldStartWith(@"evil\r\n\u{1B}[2Jxxx");
    }

    private Task<HandshakeResult> WithOpenSslAsync(params string[] arguments) => WithOpenSslAsync(_material, arguments);

    private static Task<HandshakeResult> WithOpenSslAsync(TlsMaterial material, string[] arguments)
    {
        OpenSsl.Require();
        return Handshake.WithAsync(
            material.ServerOptions, port => OpenSsl.RunAsync(["s_client", "-connect", $"127.0.0.1:{port}", .. arguments]));
    }

    private Task<HandshakeResult> WithBytesAsync(byte[] bytes) => Handshake.WithAsync(_material.ServerOptions, async port =>
    {
        using var socket = await ConnectAsync(port);
        await socket.SendAsync(bytes, TestContext.Current.CancellationToken);
        socket.Shutdown(SocketShutdown.Send);
        while (await socket.ReceiveAsync(new byte[4096]) > 0)
        {
            // Until the server is done with us.
        }
    });

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        return socket;
    }
}
