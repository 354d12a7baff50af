using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Tls.Clients;
using Cassini.Streams.Tls.Files;

namespace Cassini.Tests.Tls;

/// <summary>Which clients are accepted, over real TLS of both versions.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private readonly TestAuthority _authority = new();
    private readonly ScratchDirectory _directory = new();

    public static TheoryData<SslProtocols> Versions => [SslProtocols.Tls12, SslProtocols.Tls13];

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_OfTheCa_IsAcceptedByName(SslProtocols version)
    {
        using var client = _authority.IssueClient("alice");

        var result = await Handshake.WithClientAsync(Material(), version, client);

        result.ServerException.ShouldBeNull();
        result.ClientException.ShouldBeNull();
        result.Protocol.ShouldBe(version);
        result.Verdict.Accepted.ShouldBeTrue();
        (result.Verdict with { Path = null }).ShouldBe(new ClientVerdict(
            null, null, "alice", client.GetCertHashString(HashAlgorithmName.SHA256), client.NotAfter.ToUniversalTime()));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_WithRsaKeyAndNoUsageExtensions_IsAccepted(SslProtocols version)
    {
        using var client = _authority.IssueClient("rsa", new() { Rsa = true, ExtendedKeyUsages = [], KeyUsage = null });

        (await Handshake.WithClientAsync(Material(), version, client)).Verdict.Accepted.ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_WithoutCertificate_IsNoCertificate(SslProtocols version) =>
        await ShouldBeRefused(version, HandshakeFailure.NoCertificate, null);

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_OfAnotherCa_IsUntrusted(SslProtocols version)
    {
        using var foreign = new TestAuthority("Foreign CA");
        var result = await ShouldBeRefused(version, HandshakeFailure.UntrustedCertificate, foreign.IssueClient());
        result.Detail!.ShouldContain("Foreign CA");
        result.Verdict.Identity.ShouldBe("alice");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_OfACaOfTheSameName_IsUntrusted(SslProtocols version)
    {
        using var impostor = new TestAuthority();
        await ShouldBeRefused(version, HandshakeFailure.UntrustedCertificate, impostor.IssueClient(), impostor.Certificate);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_ForgedInTheNameOfTheCa_IsUntrusted(SslProtocols version)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await ShouldBeRefused(version, HandshakeFailure.UntrustedCertificate, _authority.ForgeClient("mallory", key));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_ForeignAndExpired_IsCalledForeign(SslProtocols version)
    {
        using var foreign = new TestAuthority("Foreign CA");
        await ShouldBeRefused(version, HandshakeFailure.UntrustedCertificate, foreign.IssueClient("old", Expired));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_Expired_IsExpired(SslProtocols version)
    {
        var result = await ShouldBeRefused(version, HandshakeFailure.ExpiredCertificate, _authority.IssueClient("old", Expired));
        result.Detail!.ShouldContain($"{Expired.NotAfter:u}");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_OfTomorrow_IsNotYetValid(SslProtocols version) =>
        await ShouldBeRefused(
            version, HandshakeFailure.NotYetValidCertificate, _authority.IssueClient("early", new() { NotBefore = Now.AddDays(1) }));

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_WithAServersExtendedUsage_IsWrongUsage(SslProtocols version) =>
        await ShouldBeRefused(version, HandshakeFailure.WrongUsageCertificate, _authority.IssueServer());

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_ThatMayNotSign_IsWrongUsage(SslProtocols version)
    {
        var client = _authority.IssueClient("mute", new() { Rsa = true, KeyUsage = X509KeyUsageFlags.KeyEncipherment });
        (await ShouldBeRefused(version, HandshakeFailure.WrongUsageCertificate, client)).Detail!.ShouldContain("digitalSignature");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_ThatIsTheCaItself_IsWrongUsage(SslProtocols version) =>
        (await ShouldBeRefused(version, HandshakeFailure.WrongUsageCertificate, _authority.Certificate)).Detail!.ShouldContain(
            "CA certificate");

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_IssuedByAnotherClient_IsInvalid(SslProtocols version)
    {
        using var alice = _authority.IssueClient("alice");
        using var aliceKey = alice.GetECDsaPrivateKey()!;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=root", key, HashAlgorithmName.SHA256);
        using var issued = request.Create(
            alice.SubjectName, X509SignatureGenerator.CreateForECDsa(aliceKey), Now.AddMinutes(-1), Now.AddDays(1), [1, 2, 3]);
        using var client = issued.CopyWithPrivateKey(key);

        await ShouldBeRefused(version, HandshakeFailure.InvalidCertificate, client, alice);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_Revoked_IsRevoked_AndOthersAreNot(SslProtocols version)
    {
        using var bad = _authority.IssueClient("bad");
        using var badAndOld = _authority.IssueClient("bad-and-old", Expired);
        using var good = _authority.IssueClient("good");
        var material = Material(_authority.RevocationList([bad, badAndOld]));

        (await Handshake.WithClientAsync(material, version, bad)).Outcome.ShouldBe(HandshakeFailure.RevokedCertificate);
        (await Handshake.WithClientAsync(material, version, badAndOld)).Outcome.ShouldBe(HandshakeFailure.RevokedCertificate);
        (await Handshake.WithClientAsync(material, version, good)).Verdict.Accepted.ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_OfAnIntermediate_IsAcceptedWithItsChainOnly(SslProtocols version)
    {
        using var intermediate = _authority.IssueIntermediate();
        using var client = intermediate.IssueClient();
        var material = Material();

        (await Handshake.WithClientAsync(material, version, client)).Outcome.ShouldBe(HandshakeFailure.UntrustedCertificate);
        (await Handshake.WithClientAsync(material, version, client, intermediate.Certificate)).Verdict.Accepted.ShouldBeTrue();

        // As after a restart: what was sent before, by this client or another one, is not sent now.
        (await Handshake.WithClientAsync(material, version, client)).Outcome.ShouldBe(HandshakeFailure.UntrustedCertificate);
        (await Handshake.WithClientAsync(material, version, intermediate.IssueClient("bob"))).Outcome.ShouldBe(
            HandshakeFailure.UntrustedCertificate);
    }

    [Fact]
    public async Task Client_OfAnIntermediateThatResumes_NeedsNoChain()
    {
        OpenSsl.Require();
        using var intermediate = _authority.IssueIntermediate();
        var (chain, key) = intermediate.WriteClient(_directory.Path, intermediate.IssueClient());
        string[] client = ["s_client", "-tls1_2", "-cert", chain, "-key", key, "-cert_chain", chain];
        var files = TlsFileSet.Read(_authority.Write(_directory.Path));
        var known = new KnownIntermediates();
        var before = TlsMaterial.Create(files, TimeProvider.System, known: known);
        (await ConnectAsync(before, [.. client, "-sess_out", _directory["session"]])).ShouldBeTrue();

        (await ConnectAsync(before, [.. client, "-sess_in", _directory["session"]])).ShouldBeTrue();

        // A reload must not lock out a client that resumes, because that sends no intermediates.
        (await ConnectAsync(TlsMaterial.Create(files, TimeProvider.System, known: known), [.. client, "-sess_in", _directory["session"]]))
            .ShouldBeTrue();

        async Task<bool> ConnectAsync(TlsMaterial material, string[] arguments) => (await Handshake.WithAsync(
            material.ServerOptions, port => OpenSsl.RunAsync([.. arguments, "-connect", $"127.0.0.1:{port}"]))).Verdict.Accepted;
    }

    [Fact]
    public void Judge_ClientSentCertificatesThatAreNotOnItsPath_KeepsTheIntermediatesOfOthers()
    {
        using var intermediate = _authority.IssueIntermediate();
        using var client = intermediate.IssueClient();
        using var other = _authority.IssueClient("other");
        var known = new KnownIntermediates();
        var before = new ClientCertificateJudge([_authority.Certificate], null, TimeProvider.System, known: known);
        before.Judge(client, [intermediate.Certificate]).Accepted.ShouldBeTrue();
        var junk = Enumerable.Range(0, 64).Select(number => _authority.IssueClient($"number {number}")).ToList();

        before.Judge(other, [.. junk]).Accepted.ShouldBeTrue();

        new ClientCertificateJudge([_authority.Certificate], null, TimeProvider.System, known: known)
            .Judge(client, [], isResumed: true).Accepted.ShouldBeTrue();
        junk.ForEach(certificate => certificate.Dispose());
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_OfARevokedIntermediate_IsRevoked(SslProtocols version)
    {
        using var intermediate = _authority.IssueIntermediate();
        using var client = intermediate.IssueClient();
        var material = Material(_authority.RevocationList([intermediate.Certificate]));

        (await Handshake.WithClientAsync(material, version, client, intermediate.Certificate)).Outcome.ShouldBe(
            HandshakeFailure.RevokedCertificate);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Anchor_ThatIsAnIntermediate_AcceptsItsOwnClientsAlone(SslProtocols version)
    {
        using var intermediate = _authority.IssueIntermediate();
        using var sibling = _authority.IssueIntermediate("Sibling CA");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var material = TlsMaterial.Create(TlsFileSet.Read(intermediate.Write(_directory.Path)), TimeProvider.System);
        X509Certificate2[] upToTheRoot = [intermediate.Certificate, _authority.Certificate];

        (await Handshake.WithClientAsync(material, version, intermediate.IssueClient())).Verdict.Accepted.ShouldBeTrue();
        (await Handshake.WithClientAsync(material, version, intermediate.IssueClient(), upToTheRoot)).Verdict.Accepted.ShouldBeTrue();
        (await Handshake.WithClientAsync(material, version, intermediate.ForgeClient("mallory", key))).Outcome.ShouldBe(
            HandshakeFailure.UntrustedCertificate);
        (await Handshake.WithClientAsync(material, version, _authority.IssueClient(), _authority.Certificate)).Outcome.ShouldBe(
            HandshakeFailure.UntrustedCertificate);
        (await Handshake.WithClientAsync(material, version, sibling.IssueClient(), sibling.Certificate, _authority.Certificate)).Outcome
            .ShouldBe(HandshakeFailure.UntrustedCertificate);
        (await Handshake.WithClientAsync(material, version, intermediate.IssueClient("old", Expired))).Outcome.ShouldBe(
            HandshakeFailure.ExpiredCertificate);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Clock_ThatIsVirtual_DecidesInBothDirections(SslProtocols version)
    {
        using var client = _authority.IssueClient("alice", new() { NotBefore = Now.AddDays(10), NotAfter = Now.AddDays(20) });
        var time = new SettableTime(Now);
        var material = TlsMaterial.Create(TlsFileSet.Read(_authority.Write(_directory.Path)), time);

        (await Handshake.WithClientAsync(material, version, client)).Outcome.ShouldBe(HandshakeFailure.NotYetValidCertificate);
        time.Now = Now.AddDays(15);
        (await Handshake.WithClientAsync(material, version, client)).Verdict.Accepted.ShouldBeTrue();
        time.Now = Now.AddDays(21);
        (await Handshake.WithClientAsync(material, version, client)).Outcome.ShouldBe(HandshakeFailure.ExpiredCertificate);
        time.Now = Now.AddYears(20);
        (await Handshake.WithClientAsync(material, version, _authority.IssueClient("later", new() { NotAfter = Now.AddYears(30) }))).Detail!
            .ShouldContain("Test CA");
    }

    [Fact]
    public async Task ServerOptions_SharedByManyHandshakes_StayAsTheyWere()
    {
        using var intermediate = _authority.IssueIntermediate();
        using var client = intermediate.IssueClient();
        var material = Material();

        var results = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Handshake.WithClientAsync(
            material, i % 2 == 0 ? SslProtocols.Tls12 : SslProtocols.Tls13, i % 3 == 0 ? null : client, intermediate.Certificate)));

        results.Where((_, i) => i % 3 != 0).ShouldAllBe(result => result.Verdict.Accepted);
        results.Where((_, i) => i % 3 == 0).ShouldAllBe(result => result.Outcome == HandshakeFailure.NoCertificate);
        material.ServerOptions.CertificateChainPolicy!.ExtraStore.Count.ShouldBe(0);
        material.Authorities[0].Subject.ShouldBe("CN=Test CA");
    }

    [Fact]
    public async Task ServerOptions_OnAnotherStream_AreAProgrammingError()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        using var client = _authority.IssueClient();
        var peer = Handshake.ConnectAsync(port, SslProtocols.Tls13, client, [], trusts: true);
        using var tcp = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await using (var plain = new System.Net.Security.SslStream(tcp.GetStream()))
        {
            await Should.ThrowAsync<InvalidOperationException>(() => plain.AuthenticateAsServerAsync(Material().ServerOptions));
        }

        await Should.ThrowAsync<IOException>(() => peer.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System));
    }

    private static LeafSpec Expired { get; } = new() { NotBefore = Now.AddDays(-30), NotAfter = Now.AddDays(-1) };

    private TlsMaterial Material(string? revocationList = null) =>
        TlsMaterial.Create(TlsFileSet.Read(_authority.Write(_directory.Path, revocationList: revocationList)), TimeProvider.System);

    private async Task<HandshakeResult> ShouldBeRefused(
        SslProtocols version, HandshakeFailure reason, X509Certificate2? client, params X509Certificate2[] intermediates)
    {
        var result = await Handshake.WithClientAsync(Material(), version, client, intermediates);

        result.Outcome.ShouldBe(reason, result.ServerException?.ToString());
        result.Verdict.Failure.ShouldBe(reason);
        result.Verdict.Accepted.ShouldBeFalse();
        result.ClientException.ShouldNotBeNull();
        return result;
    }
}
