using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Clients;
using Cassini.Streams.Tls.Files;

namespace Cassini.Tests.Tls;

/// <summary>A certificate that was accepted before is not accepted because of that when it would be refused now.</summary>
public sealed class VerdictCacheTests : IDisposable
{
    private readonly CertificateStoreRig _rig = new();
    private readonly TlsOptions _options;
    private readonly CertificateStore _store;

    public VerdictCacheTests()
    {
        _options = _rig.Authority.Write(_rig.Directory.Path, revocationList: List(number: 1));
        _store = _rig.Store(_options);
        _store.Load();
    }

    private DateTimeOffset Now => _rig.Time.Now;

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Judge_TheSameAgain_ReturnsTheSameVerdict()
    {
        using var client = _rig.Authority.IssueClient();

        Judge(client).ShouldBeSameAs(Judge(client));
    }

    [Fact]
    public void Judge_ExpiredMeanwhile_Refuses()
    {
        using var client = _rig.Authority.IssueClient("alice", new() { NotAfter = Now.AddHours(1) });
        Judge(client).Accepted.ShouldBeTrue();

        _rig.Time.Now = Now.AddHours(2);

        Judge(client).Failure.ShouldBe(HandshakeFailure.ExpiredCertificate);
    }

    [Fact]
    public void Judge_ClockSetBackBeforeItsBeginning_Refuses()
    {
        using var client = _rig.Authority.IssueClient("alice", new() { NotBefore = Now.AddMinutes(-1) });
        Judge(client).Accepted.ShouldBeTrue();

        _rig.Time.Now = Now.AddHours(-1);

        Judge(client).Failure.ShouldBe(HandshakeFailure.NotYetValidCertificate);
    }

    // The client's own certificate outlives the one above it.
    [Fact]
    public void Judge_IntermediateExpiredMeanwhile_Refuses()
    {
        using var intermediate = _rig.Authority.IssueIntermediate();
        using var client = intermediate.IssueClient("alice", new() { NotAfter = Now.AddYears(6) });
        Judge(client, intermediate.Certificate).Accepted.ShouldBeTrue();

        _rig.Time.Now = new DateTimeOffset(intermediate.Certificate.NotAfter).AddMinutes(1);

        Judge(client, intermediate.Certificate).Failure.ShouldBe(HandshakeFailure.ExpiredCertificate);
    }

    [Fact]
    public void Judge_RevokedByAListThatWasLoadedMeanwhile_Refuses()
    {
        using var client = _rig.Authority.IssueClient();
        Judge(client).Accepted.ShouldBeTrue();

        File.WriteAllText(_options.CrlPath!, List(number: 2, client));
        CertificateStoreRig.Look(_store, 2);

        Judge(client).Failure.ShouldBe(HandshakeFailure.RevokedCertificate);
    }

    [Fact]
    public void Judge_CaReplacedMeanwhile_Refuses()
    {
        using var client = _rig.Authority.IssueClient();
        using var other = new TestAuthority("Other CA");
        Judge(client).Accepted.ShouldBeTrue();

        File.WriteAllText(_options.CaPath, other.Certificate.ExportCertificatePem());
        File.WriteAllText(_options.CrlPath!, other.RevocationList([]));
        CertificateStoreRig.Look(_store, 2);

        Judge(client).Failure.ShouldBe(HandshakeFailure.UntrustedCertificate);
    }

    [Fact]
    public void Judge_AnotherOfTheSameNameAndNumber_Refuses()
    {
        using var client = _rig.Authority.IssueClient();
        Judge(client).Accepted.ShouldBeTrue();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(client.SubjectName, key, HashAlgorithmName.SHA256);
        foreach (var extension in client.Extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        using var twin = request.Create(
            client.IssuerName, X509SignatureGenerator.CreateForECDsa(key), client.NotBefore, client.NotAfter,
            client.SerialNumberBytes.Span);

        twin.ShouldBe(client, "as far as .NET compares them");
        Judge(twin).Failure.ShouldBe(HandshakeFailure.UntrustedCertificate);
    }

    [Fact]
    public void Judge_WithoutTheIntermediateItCameWith_Refuses()
    {
        using var intermediate = _rig.Authority.IssueIntermediate();
        using var client = intermediate.IssueClient();
        Judge(client, intermediate.Certificate).Accepted.ShouldBeTrue();

        Judge(client).Failure.ShouldBe(HandshakeFailure.UntrustedCertificate);
    }

    private ClientVerdict Judge(X509Certificate2 client, params X509Certificate2[] presented) =>
        _store.Current.Judge(client, [.. presented]);

    private string List(int number, params X509Certificate2[] revoked)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var certificate in revoked)
        {
            builder.AddEntry(certificate);
        }

        return PemEncoding.WriteString("X509 CRL", builder.Build(
            _rig.Authority.Certificate, number, Now.AddDays(30), HashAlgorithmName.SHA256, thisUpdate: Now.AddHours(number - 3)));
    }
}
