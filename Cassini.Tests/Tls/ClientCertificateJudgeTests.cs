using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Clients;

namespace Cassini.Tests.Tls;

/// <summary>Edges that need no socket.</summary>
public sealed class ClientCertificateJudgeTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2031, 5, 17, 12, 0, 0, TimeSpan.Zero);
    private readonly TestAuthority _authority = new(notBefore: Noon.AddYears(-1), notAfter: Noon.AddYears(1));

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData(-3600_000, HandshakeFailure.NotYetValidCertificate)]
    [InlineData(-1, HandshakeFailure.NotYetValidCertificate)]
    [InlineData(0, null)]
    [InlineData(3600_000, null)]
    [InlineData(3600_999, null)] // the last second belongs to the certificate as a whole
    [InlineData(3601_000, HandshakeFailure.ExpiredCertificate)]
    [InlineData(7200_000, HandshakeFailure.ExpiredCertificate)]
    public void Time_AtTheEdges_IsExactToTheSecond(int milliseconds, HandshakeFailure? expected)
    {
        using var client = _authority.IssueClient("alice", new() { NotBefore = Noon, NotAfter = Noon.AddHours(1) });

        Judge(client, Noon.AddMilliseconds(milliseconds)).Failure.ShouldBe(expected);
    }

    [Fact]
    public void Judge_CertificateWithAnImpossibleDate_RefusesItAndDoesNotThrow()
    {
        using var client = _authority.IssueClient("alice");
        var der = client.RawData;
        var notAfter = System.Text.Encoding.ASCII.GetBytes(
            client.NotAfter.ToUniversalTime().ToString("yyMMddHHmmss", System.Globalization.CultureInfo.InvariantCulture) + "Z");
        var at = der.AsSpan().IndexOf(notAfter);
        at.ShouldBeGreaterThan(0);
        "261399999999Z"u8.CopyTo(der.AsSpan(at));
        using var impossible = X509CertificateLoader.LoadCertificate(der);

        var verdict = new ClientCertificateJudge([_authority.Certificate], null, new SettableTime(Noon)).Judge(impossible, []);

        verdict.Failure.ShouldNotBeNull().ShouldBeOneOf(HandshakeFailure.InvalidCertificate, HandshakeFailure.UntrustedCertificate);
    }

    [Fact]
    public void Judge_IdentityFromTheAlternativeName_IsNamedInTheVerdict()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri("spiffe://orbit/probe"));
        using var client = _authority.IssueClient(
            "alice", new() { NotBefore = Noon, NotAfter = Noon.AddHours(1), Extensions = [names.Build()] });

        new ClientCertificateJudge([_authority.Certificate], null, new SettableTime(Noon), IdentitySource.SubjectAlternativeName)
            .Judge(client, []).Identity.ShouldBe("spiffe://orbit/probe");
    }

    [Fact]
    public void Authority_ThatEnded_EndsItsClients()
    {
        using var client = _authority.IssueClient("alice", new() { NotBefore = Noon, NotAfter = Noon.AddYears(5) });

        var verdict = Judge(client, Noon.AddYears(2));

        verdict.Failure.ShouldBe(HandshakeFailure.ExpiredCertificate);
        verdict.Detail!.ShouldContain("CN=Test CA");
    }

    [Fact]
    public void Authority_RenewedWithTheSameKey_AcceptsItsOldClients()
    {
        using var renewed = new TestAuthority(
            notBefore: Noon.AddMonths(-1), notAfter: Noon.AddYears(9), key: ECDsa.Create(_authority.Key.ExportParameters(true)));
        using var client = _authority.IssueClient("alice", new() { NotBefore = Noon, NotAfter = Noon.AddYears(5) });
        var judge = new ClientCertificateJudge([_authority.Certificate, renewed.Certificate], null, new SettableTime(Noon.AddYears(2)));

        judge.Judge(client, []).Failure.ShouldBeNull();
    }

    [Fact]
    public void Authority_LimitedToServers_MakesNoClients()
    {
        using var limited = Intermediate(new X509EnhancedKeyUsageExtension([new Oid(LeafSpec.ServerAuth)], critical: false));
        using var client = Issue(limited, "CN=alice");

        Judge(client, Noon, limited).Failure.ShouldBe(HandshakeFailure.WrongUsageCertificate);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Authorities_OfOneNameAndALeafWithoutKeyIdentifier_AreAllTried(bool isFirst)
    {
        using var namesake = new TestAuthority(notBefore: Noon.AddYears(-1), notAfter: Noon.AddYears(1));
        using var client = Issue(_authority.Certificate, "CN=alice");
        using var mallory = Issue(new TestAuthority().Certificate, "CN=mallory");
        X509Certificate2[] both = [_authority.Certificate, namesake.Certificate];
        var judge = new ClientCertificateJudge([.. isFirst ? both : both.Reverse()], null, new SettableTime(Noon));

        judge.Judge(client, []).Detail.ShouldBeNull();
        judge.Judge(mallory, []).Failure.ShouldBe(HandshakeFailure.UntrustedCertificate);
    }

    [Fact]
    public void Intermediates_OfOneNameAndALeafWithoutKeyIdentifier_AreAllTried()
    {
        using var wrong = Intermediate(new X509SubjectKeyIdentifierExtension([1], critical: false), serial: 6);
        using var right = Intermediate(new X509SubjectKeyIdentifierExtension([2], critical: false), serial: 7);
        using var client = Issue(right, "CN=alice");

        Judge(client, Noon, wrong, right).Detail.ShouldBeNull();
        Judge(client, Noon, right, wrong).Detail.ShouldBeNull();
        Judge(client, Noon, wrong).Failure.ShouldBe(HandshakeFailure.UntrustedCertificate);
    }

    /// <summary>An authority that numbers its own certificate like one that it issues.</summary>
    [Fact]
    public void Authorities_OfOneNameAndTheSerialOfTheLeaf_AreAllTried()
    {
        using var authority = SelfSigned(serial: 8);
        using var client = Issue(authority, "CN=alice");
        var judge = new ClientCertificateJudge([_authority.Certificate, authority], null, new SettableTime(Noon));

        judge.Judge(client, []).Detail.ShouldBeNull();
    }

    /// <summary>Anyone can make a certificate with an authority's name and serial number.</summary>
    [Fact]
    public void SignedPath_CopyOfTheNameAndSerialOfAnAuthority_IsNoAuthority()
    {
        using var authority = SelfSigned(serial: 9);
        using var copy = SelfSigned(serial: 9);
        using var mallory = Issue(copy, "CN=mallory");
        using var alice = Issue(authority, "CN=alice");

        SignedPath.Find(mallory, [copy], [authority]).ShouldBeNull();
        SignedPath.Find(alice, [copy], [authority]).ShouldNotBeNull()[^1].RawData.ShouldBe(authority.RawData);
    }

    [Fact]
    public void Name_ThatIsMissing_IsARefusalOfItsOwn()
    {
        using var client = _authority.IssueClient("unused", new()
        {
            NotBefore = Noon,
            NotAfter = Noon.AddDays(1),
            Subject = new X500DistinguishedName(""),
        });

        var verdict = Judge(client, Noon);

        verdict.Failure.ShouldBe(HandshakeFailure.NamelessCertificate);
        verdict.Accepted.ShouldBeFalse();
        verdict.Detail.ShouldBe(
            "a certificate without a name has no identity: it needs a subject with a CN, or a DNS, URI or e-mail alternative name");
    }

    [Fact]
    public void Chain_WithAnUnknownCriticalExtension_IsInvalid()
    {
        using var client = _authority.IssueClient("alice", new()
        {
            NotBefore = Noon,
            NotAfter = Noon.AddDays(1),
            Extensions = [new X509Extension("1.2.3.4.5", [0x05, 0x00], critical: true)],
        });

        var verdict = Judge(client, Noon);

        verdict.Failure.ShouldBe(HandshakeFailure.InvalidCertificate);
        verdict.Detail!.ShouldContain("CriticalExtension");
    }

    [Fact]
    public void Usage_WithClientAmongOthers_IsRight()
    {
        using var client = _authority.IssueClient("both", new()
        {
            NotBefore = Noon,
            NotAfter = Noon.AddDays(1),
            ExtendedKeyUsages = [LeafSpec.ServerAuth, LeafSpec.ClientAuth],
        });

        Judge(client, Noon).Accepted.ShouldBeTrue();
    }

    private ClientVerdict Judge(X509Certificate2 client, DateTimeOffset at, params X509Certificate2[] presented) =>
        new ClientCertificateJudge([_authority.Certificate], null, new SettableTime(at)).Judge(client, [.. presented]);

    private X509Certificate2 Intermediate(X509Extension extension, byte serial = 7)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Limited CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(extension);
        using var certificate = request.Create(_authority.Certificate, Noon.AddDays(-1), Noon.AddDays(10), [serial]);
        return certificate.CopyWithPrivateKey(key);
    }

    private static X509Certificate2 SelfSigned(byte serial)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        using var certificate = request.Create(
            request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), Noon.AddDays(-1), Noon.AddDays(10), [serial]);
        return certificate.CopyWithPrivateKey(key);
    }

    private static X509Certificate2 Issue(X509Certificate2 issuer, string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest(subject, key, HashAlgorithmName.SHA256).Create(issuer, Noon.AddDays(-1), Noon.AddDays(5), [8]);
    }
}
