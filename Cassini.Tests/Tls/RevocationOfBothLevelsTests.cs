using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Clients;

namespace Cassini.Tests.Tls;

/// <summary>Which certificates of a path the lists are asked about: all that have their issuer in the CA file.</summary>
public sealed class RevocationOfBothLevelsTests : IDisposable
{
    private readonly TestAuthority _root = new("Root CA");
    private readonly TestAuthority _sub;
    private readonly X509Certificate2 _client;

    public RevocationOfBothLevelsTests()
    {
        _sub = _root.IssueIntermediate("Sub CA");
        _client = _sub.IssueClient();
    }

    private X509Certificate2[] Both => [_root.Certificate, _sub.Certificate];

    public void Dispose()
    {
        _client.Dispose();
        _sub.Dispose();
        _root.Dispose();
    }

    [Fact]
    public void RootAndSubCa_WithEmptyListsOfBoth_AcceptTheClient() =>
        Judge(Both, _root.RevocationList([]), _sub.RevocationList([])).Detail.ShouldBeNull();

    [Fact]
    public void RootsList_RevokesTheSubCaThatIsConfigured_RefusesItsClients()
    {
        var verdict = Judge(Both, _root.RevocationList([_sub.Certificate]), _sub.RevocationList([]));

        verdict.Failure.ShouldBe(HandshakeFailure.RevokedCertificate);
        verdict.Detail!.ShouldContain("'CN=Sub CA'");
    }

    [Fact]
    public void SubCasList_RevokesTheClient_RefusesIt() =>
        Judge(Both, _root.RevocationList([]), _sub.RevocationList([_client])).Failure.ShouldBe(HandshakeFailure.RevokedCertificate);

    [Fact]
    public void SubCa_ThatIsPresentedOnly_IsJudgedByTheRootsList() =>
        Judge([_root.Certificate], _root.RevocationList([_sub.Certificate])).Failure.ShouldBe(HandshakeFailure.RevokedCertificate);

    [Fact]
    public void Anchor_Alone_IsNotJudged()
    {
        // The root is not configured: a client that sends it along changes nothing.
        var list = _sub.RevocationList([_sub.Certificate, _root.Certificate]);

        Judge([_sub.Certificate], list).Detail.ShouldBeNull();
        Judge([_root.Certificate], _root.RevocationList([_root.Certificate])).Detail.ShouldBeNull();
    }

    [Fact]
    public void RootOfTheSameName_DoesNotRevokeWhatItDidNotSign()
    {
        using var namesake = new TestAuthority("Root CA");

        Judge([namesake.Certificate, _sub.Certificate], namesake.RevocationList([_sub.Certificate])).Detail.ShouldBeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RootsOfOneNameAndASubCaWithoutKeyIdentifier_RevokeTheSubCa(bool isFirst)
    {
        using var namesake = new TestAuthority("Root CA");
        using var sub = SubCaWithoutKeyIdentifier();
        using var client = sub.IssueClient();
        X509Certificate2[] roots = isFirst ? [_root.Certificate, namesake.Certificate] : [namesake.Certificate, _root.Certificate];

        Judge(client, [], [.. roots, sub.Certificate], _root.RevocationList([sub.Certificate]))
            .Failure.ShouldBe(HandshakeFailure.RevokedCertificate);
        Judge(client, [], [.. roots, sub.Certificate], _root.RevocationList([]), namesake.RevocationList([sub.Certificate]))
            .Detail.ShouldBeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SubCa_WhoseClientSendsACaOfItsIssuersName_IsJudgedAllTheSame(bool isRootsName)
    {
        using var lower = _sub.IssueIntermediate("Lower CA");
        using var client = lower.IssueClient();
        using var forged = Imitate(isRootsName ? _root : _sub);
        var (issuer, revoked) = isRootsName ? (_root, _sub) : (_sub, lower);

        Judge(client, [forged], [.. Both, lower.Certificate], issuer.RevocationList([revoked.Certificate]))
            .Failure.ShouldBe(HandshakeFailure.RevokedCertificate);
    }

    private static X509Certificate2 Imitate(TestAuthority authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(authority.Certificate.SubjectName, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(authority.Certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(300));
    }

    private TestAuthority SubCaWithoutKeyIdentifier()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Old sub CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.Create(_root.Certificate, now.AddDays(-1), now.AddDays(300), [9]);
        return new TestAuthority(certificate.CopyWithPrivateKey(key), key);
    }

    private ClientVerdict Judge(X509Certificate2[] configured, params string[] lists) =>
        Judge(_client, [_sub.Certificate, _root.Certificate], configured, lists);

    private static ClientVerdict Judge(
        X509Certificate2 client, X509Certificate2Collection presented, X509Certificate2[] configured, params string[] lists)
    {
        ImmutableArray<X509Certificate2> authorities = [.. configured];
        var file = new TlsFile(
            CertificateRole.RevocationList, "Tls:CrlPath", "crl.pem", Encoding.UTF8.GetBytes(string.Join('\n', lists)));
        return new ClientCertificateJudge(authorities, RevocationListReader.Read(file, authorities), TimeProvider.System)
            .Judge(client, presented);
    }
}
