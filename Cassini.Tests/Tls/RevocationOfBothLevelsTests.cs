using System.Collections.Immutable;
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

    private ClientVerdict Judge(X509Certificate2[] configured, params string[] lists)
    {
        ImmutableArray<X509Certificate2> authorities = [.. configured];
        var file = new TlsFile(
            CertificateRole.RevocationList, "Tls:CrlPath", "crl.pem", Encoding.UTF8.GetBytes(string.Join('\n', lists)));
        return new ClientCertificateJudge(authorities, RevocationListReader.Read(file, authorities), TimeProvider.System)
            .Judge(_client, [_sub.Certificate, _root.Certificate]);
    }
}
