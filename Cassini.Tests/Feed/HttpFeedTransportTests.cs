using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;

namespace Cassini.Tests.Feed;

/// <summary>What the feed's HTTP client makes of answers and certificates, over real connections.</summary>
public sealed class HttpFeedTransportTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public HttpFeedTransportTests() => _listener.Start();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _listener.Dispose();

    [Theory]
    [InlineData("401 Unauthorized", FeedLoss.Refused, "asks for credentials, and none were given (401 Unauthorized)")]
    [InlineData("403 Forbidden", FeedLoss.Refused, "refuses this client (403 Forbidden)")]
    [InlineData("503 Service Unavailable", FeedLoss.Busy, "serves no feed now (503)")]
    public async Task Open_RefusalWhoseBodyBreaksOff_IsStillTheRefusal(string status, FeedLoss reason, string detail)
    {
        using var transport = new HttpFeedTransport(new Uri($"http://{_listener.LocalEndpoint}/"), new HealthFeedOptions());
        var opening = OpenAsync(transport);
        using (var client = await _listener.AcceptTcpClientAsync(Token))
        {
            await client.GetStream().ReadExactlyAsync(new byte[16], Token);
            await client.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nhalf a"), Token);
            client.Client.Shutdown(SocketShutdown.Send);
            var lost = await Should.ThrowAsync<FeedLostException>(Eventually.CompletesAsync("the refusal", opening));

            lost.Reason.ShouldBe(reason);
            lost.Message.ShouldBe(detail);
        }
    }

    [Fact]
    public async Task Open_CertificateThatNamesWhereItsIssuerIs_AsksNobodyThere()
    {
        using var authority = new TestAuthority();
        using var intermediate = authority.IssueIntermediate();
        using var place = new TcpListener(IPAddress.Loopback, 0);
        place.Start();
        var issuer = new X509AuthorityInformationAccessExtension(null, [$"http://{place.LocalEndpoint}/ca.cer"]);
        using var server = intermediate.IssueServer("localhost", new() { Extensions = [issuer] });
        var options = new HealthFeedOptions { TrustedAuthorities = [authority.Certificate] };
        using var transport = new HttpFeedTransport(
            new Uri($"https://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}/"), options);
        var serving = HandshakeAsync(server);

        var lost = await Should.ThrowAsync<FeedLostException>(Eventually.CompletesAsync("the refusal", OpenAsync(transport)));

        lost.Reason.ShouldBe(FeedLoss.TlsFailed);
        place.Pending().ShouldBeFalse();
        await Eventually.CompletesAsync("the server's side", serving);
    }

    private static Task OpenAsync(HttpFeedTransport transport) => transport.OpenAsync(null, Enum.GetValues<EventCategory>(), Token);

    /// <summary>A handshake that the client is expected to break off.</summary>
    private async Task HandshakeAsync(X509Certificate2 certificate)
    {
        using var client = await _listener.AcceptTcpClientAsync(Token);
        await using var tls = new SslStream(client.GetStream());
        try
        {
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
                },
                Token);
            await tls.ReadExactlyAsync(new byte[1], Token);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // With TLS 1.3 the client's alert comes after the handshake.
        }
    }
}
