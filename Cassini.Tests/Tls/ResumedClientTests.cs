using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Streams.Tls.Clients;
using Cassini.Streams.Tls.Files;
using Cassini.Streams.Tls.Handshakes;
using Cassini.Tests.Supervision;

namespace Cassini.Tests.Tls;

/// <summary>A client that takes its TLS session up again is judged like any other: its ticket lets nobody in.</summary>
public sealed class ResumedClientTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly ScratchDirectory _directory = new();
    private readonly SettableTime _time = new();
    private readonly X509Certificate2 _client;
    private readonly SslStreamCertificateContext _context;

    public ResumedClientTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only OpenSSL tells whether a session was resumed");
        _client = _authority.IssueClient("alice", new() { NotAfter = _time.Now.AddDays(1) });
        _context = SslStreamCertificateContext.Create(_client, null, offline: true);
        _authority.Write(_directory.Path);
    }

    public static TheoryData<SslProtocols> Versions => [SslProtocols.Tls12, SslProtocols.Tls13];

    public void Dispose()
    {
        _client?.Dispose();
        _authority.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_ThatResumes_IsAcceptedByName(SslProtocols version)
    {
        var material = Material();
        await ShouldComeFirstAsync(material, version);

        var again = await ConnectAsync(material, version);

        again.IsResumed.ShouldBeTrue();
        again.Verdict.Identity.ShouldBe("alice");
        again.Verdict.Accepted.ShouldBeTrue();
    }

    // Each connection gives the ticket for the next one.
    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_ThatResumesAgainAndAgain_CanResume(SslProtocols version)
    {
        var material = Material();
        await ShouldComeFirstAsync(material, version);

        for (var i = 0; i < 4; i++)
        {
            (await ConnectAsync(material, version)).IsResumed.ShouldBeTrue($"the connection {i}");
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_ThatExpiredMeanwhile_IsRefused(SslProtocols version)
    {
        var material = Material();
        await ShouldComeFirstAsync(material, version);
        _time.Now = _time.Now.AddDays(2);

        await ShouldBeRefusedAsync(material, version, HandshakeFailure.ExpiredCertificate);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_ThatANewListRevokes_IsRefused(SslProtocols version)
    {
        await ShouldComeFirstAsync(Material(), version);

        await ShouldBeRefusedAsync(Material(_authority.RevocationList([_client])), version, HandshakeFailure.RevokedCertificate);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_OfACaThatIsTrustedNoMore_IsRefused(SslProtocols version)
    {
        await ShouldComeFirstAsync(Material(), version);
        using var other = new TestAuthority("Other CA");

        await ShouldBeRefusedAsync(Material(ca: other), version, HandshakeFailure.UntrustedCertificate);
    }

    // OpenSSL's own number is two, and each costs much.
    [Fact]
    public async Task Client_OfTls13_GetsOneTicket()
    {
        OpenSsl.Require();
        var (certificate, key) = _authority.WriteClient(_directory.Path, _client);

        var (_, output) = await ServeAsync(Material(), port => OpenSsl.RunAsync(
            "s_client", "-tls1_3", "-msg", "-ign_eof", "-cert", certificate, "-key", key, "-connect", $"127.0.0.1:{port}"));

        output.Output.Split("NewSessionTicket").Length.ShouldBe(2, output.Output);
    }

    private async Task ShouldComeFirstAsync(TlsMaterial material, SslProtocols version)
    {
        var first = await ConnectAsync(material, version);
        first.IsResumed.ShouldBeFalse();
        first.Verdict.Accepted.ShouldBeTrue();
    }

    private async Task ShouldBeRefusedAsync(TlsMaterial material, SslProtocols version, HandshakeFailure reason)
    {
        var result = await ConnectAsync(material, version);

        result.IsResumed.ShouldBeTrue("otherwise this is the test of a client that comes for the first time");
        result.Verdict.Failure.ShouldBe(reason);
        result.Verdict.Accepted.ShouldBeFalse();
        result.Answer.ShouldBeEmpty();
    }

    /// <summary>The server's files stay the same: so the runtime's tickets do.</summary>
    private TlsMaterial Material(string? revocationList = null, TestAuthority? ca = null)
    {
        File.WriteAllText(_directory["ca.pem"], (ca ?? _authority).Certificate.ExportCertificatePem());
        var list = revocationList is null ? null : _directory["crl.pem"];
        if (list is not null)
        {
            File.WriteAllText(list, revocationList);
        }

        return TlsMaterial.Create(
            TlsFileSet.Read(new()
            {
                CaPath = _directory["ca.pem"],
                ServerChainPath = _directory["server.pem"],
                ServerKeyPath = _directory["server.key"],
                CrlPath = list,
            }),
            _time);
    }

    private async Task<(bool IsResumed, ClientVerdict Verdict, byte[] Answer)> ConnectAsync(TlsMaterial material, SslProtocols version)
    {
        var (verdict, (isResumed, answer)) = await ServeAsync(material, port => ConnectAsync(port, version));
        return (isResumed, verdict, answer);
    }

    private async Task<(bool IsResumed, byte[] Answer)> ConnectAsync(int port, SslProtocols version)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = version,
            ClientCertificateContext = _context,
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        });
        var isResumed = OpenSslConnection.IsResumed(tls) is true;
        using var answer = new MemoryStream();
        try
        {
            await tls.CopyToAsync(answer);
        }
        catch (IOException)
        {
            // The server refused it.
        }

        return (isResumed, answer.ToArray());
    }

    /// <summary>The server's side as the listener has it; it says "ok" to who is accepted.</summary>
    private static async Task<(ClientVerdict Verdict, T Peer)> ServeAsync<T>(TlsMaterial material, Func<int, Task<T>> connect)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var peer = Task.Run(() => connect(((IPEndPoint)listener.LocalEndpoint).Port));
        using var socket = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken).AsTask().Within("the client");
        var transport = new SocketStream(socket, ownsSocket: true);
        var tls = new MutualTlsStream(transport, leaveInnerStreamOpen: false);
        using var verification = new ClientVerification(tls, material.Judge);
        transport.FirstWrite = verification.Begin;
        await using (tls)
        {
            try
            {
                await tls.AuthenticateAsServerAsync(material.ServerOptions, TestContext.Current.CancellationToken).Within("the handshake");
                await tls.WriteAsync("ok"u8.ToArray(), TestContext.Current.CancellationToken);
                await tls.ShutdownAsync();
            }
            catch (AuthenticationException) when (tls.Verdict.Failure is not null)
            {
                // The verdict says why.
            }
        }

        return (tls.Verdict, await peer.Within("the end of the client"));
    }
}
