using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Clients;

namespace Cassini.Tests.Tls;

public sealed class ClientIdentityTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void Identity_OfASubjectWithCommonName_IsTheCommonName() =>
        Of(new() { Subject = new X500DistinguishedName("O=Orbit, CN=probe-7, C=SE") }).ShouldBe("probe-7");

    [Fact]
    public void Identity_OfSeveralCommonNames_IsTheMostSpecific()
    {
        // DER goes from the general to the specific; the text form is the other way round.
        Of(new() { Subject = new X500DistinguishedName("CN=specific, CN=general") }).ShouldBe("specific");
    }

    [Theory]
    [InlineData("CN=probe-7+SERIALNUMBER=42, O=Orbit")]
    [InlineData("O=Orbit, SERIALNUMBER=42+CN=probe-7")]
    [InlineData("OU=a+O=b, CN=probe-7")]
    public void Identity_OfACommonNameBesideAnotherPart_IsTheCommonName(string subject) =>
        Of(new() { Subject = new X500DistinguishedName(new Org.BouncyCastle.Asn1.X509.X509Name(subject).GetDerEncoded()) })
            .ShouldBe("probe-7");

    [Fact]
    public void Identity_WithoutAnyName_IsEmpty()
    {
        var blank = new SubjectAlternativeNameBuilder();
        blank.AddDnsName(" ");
        var address = new SubjectAlternativeNameBuilder();
        address.AddIpAddress(System.Net.IPAddress.Loopback);

        Of(new() { Subject = new X500DistinguishedName("") }).ShouldBe("");
        Of(new() { Subject = new X500DistinguishedName(""), Extensions = [blank.Build()] }).ShouldBe("");
        Of(new() { Subject = new X500DistinguishedName(""), Extensions = [address.Build()] }).ShouldBe("");
    }

    [Fact]
    public void Identity_WithoutCommonName_IsTheFirstAlternativeName()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        names.AddUri(new Uri("spiffe://orbit/probe"));
        names.AddDnsName("probe.example");

        Of(new() { Subject = new X500DistinguishedName("O=Orbit"), Extensions = [names.Build()] }).ShouldBe("spiffe://orbit/probe");
    }

    [Fact]
    public void Identity_FromTheAlternativeName_GoesBeforeTheCommonName()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("probe.example");
        LeafSpec both = new() { Subject = new X500DistinguishedName("CN=probe-7"), Extensions = [names.Build()] };

        Of(both, IdentitySource.SubjectAlternativeName).ShouldBe("probe.example");
        Of(both).ShouldBe("probe-7");
    }

    [Fact]
    public void Identity_FromTheAlternativeNameWithoutOne_IsTheCommonNameThenTheSubject()
    {
        var address = new SubjectAlternativeNameBuilder();
        address.AddIpAddress(System.Net.IPAddress.Loopback);

        var probe = new LeafSpec { Subject = new X500DistinguishedName("CN=probe-7"), Extensions = [address.Build()] };
        Of(probe, IdentitySource.SubjectAlternativeName).ShouldBe("probe-7");
        Of(new() { Subject = new X500DistinguishedName("OU=Probes, O=Orbit") }, IdentitySource.SubjectAlternativeName)
            .ShouldBe("OU=Probes, O=Orbit");
    }

    [Fact]
    public void Identity_WithoutCommonNameAndAlternativeName_IsTheSubject() =>
        Of(new() { Subject = new X500DistinguishedName("OU=Probes, O=Orbit") }).ShouldBe("OU=Probes, O=Orbit");

    [Fact]
    public void Identity_WithAnUnreadableAlternativeName_IsTheFingerprint()
    {
        using var client = _authority.IssueClient("x", new()
        {
            Subject = new X500DistinguishedName("O=Orbit"),
            Extensions = [new X509Extension("2.5.29.17", [0x30, 0x05, 0x82, 0x01], critical: false)],
        });

        ClientIdentity.Of(client).ShouldBe($"sha256:{client.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256)}");
    }

    [Theory]
    [InlineData("plain name", "plain name")]
    [InlineData("žluťoučký 🐎", "žluťoučký 🐎")]
    [InlineData("a\r\nb", @"a\r\nb")]
    [InlineData("\u001b[31mred", @"\u{1B}[31mred")]
    [InlineData("abc\u202Edef", @"abc\u{202E}def")]
    [InlineData(@"a\u{D}", @"a\\u{D}")]
    public void Printable_OfAnyText_IsOneSafeLine(string name, string expected) => ClientIdentity.Printable(name).ShouldBe(expected);

    [Fact]
    public void Printable_OfLongNamesWithOneBeginning_KeepsThemApart()
    {
        var (one, two) = (ClientIdentity.Printable(new string('x', 500) + "1"), ClientIdentity.Printable(new string('x', 500) + "2"));

        one.Length.ShouldBe(ClientIdentity.MaxLength);
        two.Length.ShouldBe(ClientIdentity.MaxLength);
        one.ShouldNotBe(two);
    }

    [Fact]
    public void Printable_CutInMidEmoji_StaysText()
    {
        foreach (var shift in new[] { "", "x" })
        {
            var text = ClientIdentity.Printable(shift + string.Concat(Enumerable.Repeat("🐎", 200)));

            text.Length.ShouldBeLessThanOrEqualTo(ClientIdentity.MaxLength);
            text.EnumerateRunes().ShouldNotContain(System.Text.Rune.ReplacementChar);
        }
    }

    private string Of(LeafSpec spec, IdentitySource source = IdentitySource.CommonName)
    {
        using var client = _authority.IssueClient("unused", spec);
        return ClientIdentity.Of(client, source);
    }
}
