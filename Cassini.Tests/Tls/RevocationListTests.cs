using System.Security.Cryptography;
using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Clients;
using Org.BouncyCastle.Asn1;

namespace Cassini.Tests.Tls;

public sealed class RevocationListTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2031, 5, 17, 12, 0, 0, TimeSpan.Zero);
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void List_OfTheCa_KnowsItsSerialsAndTimes()
    {
        using var bad = _authority.IssueClient("bad");
        using var good = _authority.IssueClient("good");

        var list = Read(_authority.RevocationList([bad], nextUpdate: Noon, thisUpdate: Noon.AddDays(-7)));

        list.IsRevoked(bad, _authority.Certificate).ShouldBeTrue();
        list.IsRevoked(good, _authority.Certificate).ShouldBeFalse();
        list.Count.ShouldBe(1);
        list.Issuer.ShouldBe("CN=Test CA");
        list.ThisUpdate.ShouldBe(Noon.AddDays(-7));
        list.NextUpdate.ShouldBe(Noon);
    }

    [Fact]
    public void List_InDer_IsRead()
    {
        using var bad = _authority.IssueClient("bad");
        var pem = _authority.RevocationList([bad]);
        var der = Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data]);

        Read(der).IsRevoked(bad, _authority.Certificate).ShouldBeTrue();
    }

    [Fact]
    public void Lists_InDerOneAfterTheOther_AreAllRead()
    {
        using var other = new TestAuthority("Other CA");
        using var bad = _authority.IssueClient("bad");
        using var worse = other.IssueClient("worse");

        var list = Read([.. Der(_authority.RevocationList([bad])), .. Der(other.RevocationList([worse]))], other);

        list.IsRevoked(bad, _authority.Certificate).ShouldBeTrue();
        list.IsRevoked(worse, other.Certificate).ShouldBeTrue();
        Should.Throw<TlsConfigurationException>(() => Read([.. Der(_authority.RevocationList([bad])), 0x0A]));
    }

    [Fact]
    public void List_BehindATextThatBeginsLikeDer_IsRead()
    {
        using var bad = _authority.IssueClient("bad");

        Read("0 entries were removed\n" + _authority.RevocationList([bad])).IsRevoked(bad, _authority.Certificate).ShouldBeTrue();
    }

    [Theory]
    [InlineData("1.2.3.4", "0500")]
    [InlineData("2.5.29.29", "3000")] // certificateIssuer, of an indirect list
    public void List_EntryWithACriticalExtensionThatIsUnknown_IsRefused(string oid, string value) =>
        Problem(WithEntry(oid, value, isCritical: true)).ShouldContain(
            $"a critical extension that is not supported ({oid}) in its entry for serial 42");

    [Theory]
    [InlineData("1.2.3.4", "0500")]
    [InlineData("2.5.29.21", "0A0106")] // reasonCode certificateHold: revoked while it is listed
    public void List_EntryWithAnotherExtension_Revokes(string oid, string value)
    {
        using var bad = _authority.IssueClient("bad", new() { Serial = [0x42] });

        Read(WithEntry(oid, value, isCritical: false)).IsRevoked(bad, _authority.Certificate).ShouldBeTrue();
    }

    [Theory]
    [InlineData("01")]
    [InlineData("7F")]
    [InlineData("00FF")]
    [InlineData("0080000000000000000000000000000000000001")]
    public void Serial_OfAnyLengthAndSign_IsFound(string serial)
    {
        using var bad = _authority.IssueClient("bad", new() { Serial = Convert.FromHexString(serial) });
        using var other = _authority.IssueClient("other", new() { Serial = [0x02] });

        var list = Read(_authority.RevocationList([bad]));

        list.IsRevoked(bad, _authority.Certificate).ShouldBeTrue();
        list.IsRevoked(other, _authority.Certificate).ShouldBeFalse();
    }

    [Fact]
    public void List_OfOneAuthority_SaysNothingOfAnother()
    {
        using var other = new TestAuthority("Other CA");
        using var bad = _authority.IssueClient("bad", new() { Serial = [0x42] });
        using var namesake = other.IssueClient("namesake", new() { Serial = [0x42] });

        var list = Read(_authority.RevocationList([bad]), other);

        list.IsRevoked(bad, _authority.Certificate).ShouldBeTrue();
        list.IsRevoked(namesake, other.Certificate).ShouldBeFalse();
    }

    [Fact]
    public void Lists_OfTwoAuthoritiesInOneFile_BothCountAndTheEarlierEndIsReported()
    {
        using var other = new TestAuthority("Other CA");
        using var bad = _authority.IssueClient("bad");
        using var worse = other.IssueClient("worse");

        var list = Read(
            _authority.RevocationList([bad], nextUpdate: Noon.AddDays(2)) + "\n" + other.RevocationList([worse], nextUpdate: Noon), other);

        list.IsRevoked(bad, _authority.Certificate).ShouldBeTrue();
        list.IsRevoked(worse, other.Certificate).ShouldBeTrue();
        list.Count.ShouldBe(2);
        list.NextUpdate.ShouldBe(Noon);
        list.Issuer.ShouldBe("CN=Other CA");
    }

    [Fact]
    public void List_OfARenewedCaWithTheSameKey_CountsForBothOfItsCertificates()
    {
        using var renewed = new TestAuthority(key: ECDsa.Create(_authority.Key.ExportParameters(true)));
        using var bad = _authority.IssueClient("bad");

        var list = Read(_authority.RevocationList([bad]), renewed);

        list.IsRevoked(bad, _authority.Certificate).ShouldBeTrue();
        list.IsRevoked(bad, renewed.Certificate).ShouldBeTrue();
        list.Count.ShouldBe(1);
    }

    [Fact]
    public void List_SignedByAnotherKeyInTheNameOfTheCa_IsRefused()
    {
        using var impostor = new TestAuthority();
        using var innocent = _authority.IssueClient("innocent");

        Problem(impostor.RevocationList([innocent])).ShouldContain("is not signed by a CA of Tls:CaPath");
    }

    [Fact]
    public void List_OfAForeignCa_IsRefused()
    {
        using var foreign = new TestAuthority("Foreign CA");

        Problem(foreign.RevocationList([])).ShouldContain("'CN=Foreign CA' is not signed by a CA");
    }

    [Fact]
    public void List_WithOneBitChanged_IsRefused()
    {
        using var bad = _authority.IssueClient("bad");
        var pem = _authority.RevocationList([bad]);
        var der = Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data]);
        der[^1] ^= 1;

        Problem(PemEncoding.WriteString("X509 CRL", der)).ShouldContain("is not signed by");
    }

    [Fact]
    public void List_CutShort_IsRefusedWhereverItIsCut()
    {
        using var bad = _authority.IssueClient("bad");
        var pem = _authority.RevocationList([bad]);
        var der = Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data]);

        for (var length = 1; length < der.Length; length++)
        {
            Should.Throw<TlsConfigurationException>(() => Read(der[..length])).Role.ShouldBe(CertificateRole.RevocationList);
        }
    }

    [Theory]
    [InlineData("2.5.29.27", "020101", "delta")]
    [InlineData("2.5.29.28", "30038401FF", "partial or indirect")] // indirectCRL
    [InlineData("2.5.29.28", "30038201FF", "partial or indirect")] // onlyContainsCACerts
    [InlineData("1.2.3.4", "0500", "1.2.3.4")]
    public void List_ThatIsNotTheWholeTruth_IsRefused(string oid, string value, string problem) =>
        Problem(WithExtension(oid, Convert.FromHexString(value))).ShouldContain(problem);

    [Fact]
    public void List_OnlyOfUserCertificates_IsRead() =>
        Read(WithExtension("2.5.29.28", Convert.FromHexString("30038101FF"))).Count.ShouldBe(0);

    private static byte[] Der(string pem) => Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data]);

    private string WithExtension(string oid, byte[] value) => Generated(generator => generator.AddExtension(
        new DerObjectIdentifier(oid), true, Asn1Object.FromByteArray(value)));

    private string WithEntry(string oid, string value, bool isCritical)
    {
        var extensions = new Org.BouncyCastle.Asn1.X509.X509ExtensionsGenerator();
        extensions.AddExtension(new DerObjectIdentifier(oid), isCritical, Convert.FromHexString(value));
        return Generated(generator => generator.AddCrlEntry(
            Org.BouncyCastle.Math.BigInteger.ValueOf(0x42), Noon.AddDays(-1).UtcDateTime, extensions.Generate()));
    }

    private string Generated(Action<Org.BouncyCastle.X509.X509V2CrlGenerator> fill)
    {
        var generator = new Org.BouncyCastle.X509.X509V2CrlGenerator();
        generator.SetIssuerDN(new Org.BouncyCastle.Asn1.X509.X509Name("CN=Test CA"));
        generator.SetThisUpdate(Noon.UtcDateTime);
        generator.SetNextUpdate(Noon.AddDays(1).UtcDateTime);
        fill(generator);
        var key = Org.BouncyCastle.Security.PrivateKeyFactory.CreateKey(_authority.Key.ExportPkcs8PrivateKey());
        var list = generator.Generate(new Org.BouncyCastle.Crypto.Operators.Asn1SignatureFactory("SHA256WITHECDSA", key));
        return PemEncoding.WriteString("X509 CRL", list.GetEncoded());
    }

    private string Problem(string pem) => Should.Throw<TlsConfigurationException>(() => Read(pem)).Message;

    private RevocationList Read(string pem, params TestAuthority[] further) => Read(Encoding.UTF8.GetBytes(pem), further);

    private RevocationList Read(byte[] content, params TestAuthority[] further) => RevocationListReader.Read(
        new TlsFile(CertificateRole.RevocationList, "Tls:CrlPath", "crl.pem", content),
        [.. further.Prepend(_authority).Select(authority => authority.Certificate)]);
}
