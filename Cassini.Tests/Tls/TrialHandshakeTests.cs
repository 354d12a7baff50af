using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Tls.Handshakes;

namespace Cassini.Tests.Tls;

public sealed class TrialHandshakeTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Failure_OrdinaryCertificate_IsNone(bool isRsa)
    {
        using var server = _authority.IssueServer("localhost", new() { Rsa = isRsa });

        TrialHandshake.Failure(SslStreamCertificateContext.Create(server, null, offline: true)).ShouldBeNull();
    }

    [Fact]
    public void Failure_ExpiredCertificate_IsNone()
    {
        // Whether it is valid now is another question: health reports it.
        var now = TimeProvider.System.GetUtcNow();
        using var server = _authority.IssueServer("old", new() { NotBefore = now.AddDays(-9), NotAfter = now.AddDays(-1) });

        TrialHandshake.Failure(SslStreamCertificateContext.Create(server, null, offline: true)).ShouldBeNull();
    }

    [Fact]
    public void Failure_CertificateThatNamesWhereItsIssuerIs_AsksNobodyThere()
    {
        using var place = new TcpListener(IPAddress.Loopback, 0);
        place.Start();
        var issuer = new X509AuthorityInformationAccessExtension(null, [$"http://{place.LocalEndpoint}/ca.cer"]);
        using var server = _authority.IssueServer("localhost", new() { Extensions = [issuer] });

        TrialHandshake.Failure(SslStreamCertificateContext.Create(server, null, offline: true)).ShouldBeNull();

        place.Pending().ShouldBeFalse();
    }

    [Theory]
    [InlineData("secp256k1")]
    [InlineData("brainpoolP256r1")]
    [InlineData("secp224r1")]
    public void Failure_CurveThatClientsDoNotOffer_IsFound(string curve)
    {
        using var key = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve));
        var request = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256);
        using var server = request.CreateSelfSigned(
            TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));

        TrialHandshake.Failure(SslStreamCertificateContext.Create(server, null, offline: true)).ShouldNotBeNull();
    }
}
