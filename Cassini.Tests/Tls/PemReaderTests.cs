using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;

namespace Cassini.Tests.Tls;

/// <summary>What is read from PEM files, and every damage that must not be passed over.</summary>
public class PemReaderTests
{
    private const string One = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
    private const string Other = "-----BEGIN X509 CRL-----\nMAMC\nAQI=\n-----END X509 CRL-----\n";

    [Theory]
    [InlineData("")]
    [InlineData("no block at all")]
    [InlineData("-----\nmy CA\n-----\n")]
    public void Read_TextWithoutABlock_IsNothing(string text) => Read(text).ShouldBeEmpty();

    [Fact]
    public void Read_BlocksWithComments_GivesEachWithItsLine()
    {
        var blocks = Read(
            "subject=CN = a (do not keep it ENCRYPTED)\n"
            + "SHA256 3fa4b1c05d7788ee3fa4b1c05d7788ee3fa4b1c05d7788ee3fa4b1c05d7788ee\n"
            + "# -----BEGIN CERTIFICATE-----\n# MAMC\n# -----END CERTIFICATE-----\n"
            + One + "\n" + Other);

        blocks.Select(block => (block.Label, block.Line)).ShouldBe([("CERTIFICATE", 6), ("X509 CRL", 10)]);
        blocks[1].Content.ShouldBe([0x30, 0x03, 0x02, 0x01, 0x02]);
    }

    [Theory]
    [InlineData("-----BEGIN CERTIFICATE-----\r\nMAMCAQE=\r\n-----END CERTIFICATE-----\r\n")]
    [InlineData("\uFEFF-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----")]
    [InlineData("  -----BEGIN CERTIFICATE-----\n  MAMC\n  AQE=\n  -----END CERTIFICATE-----\n")]
    [InlineData("-----BEGIN CERTIFICATE----- MAMCAQE= -----END CERTIFICATE-----")]
    public void Read_LineEndsOfAnyKind_MakeNoDifference(string text) =>
        Read(text).ShouldHaveSingleItem().Content.ShouldBe([0x30, 0x03, 0x02, 0x01, 0x01]);

    [Fact]
    public void Read_OlderEncryptedForm_IsEncrypted() =>
        Read("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n")
            .ShouldHaveSingleItem().IsEncrypted.ShouldBeTrue();

    [Theory]
    [InlineData("-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----" + Other, 3)] // END and BEGIN on one line.
    [InlineData(One + "-----BEGIN X509 CRL-----\nMAMC\n", 4)] // Cut off.
    [InlineData(One + "-----BEGIN X509 CRL-----\nMAMCAQI=\n-----END X509 C", 6)]
    [InlineData(One + "-----BEGIN X509 C", 4)]
    [InlineData(One + "-----BEGI", 4)]
    [InlineData(One + "-----BEGIN X509 CRL-----\nMAMC*QI=\n-----END X509 CRL-----\n", 5)]
    [InlineData(One + "-----BEGIN X509 CRL-----\nMAMCAQI\n-----END X509 CRL-----\n", 4)]
    [InlineData(One + "-----BEGIN X509 CRL-----\nMAMC\n-----END X509 CRL-----\n", 4)] // A group of base64 is gone.
    [InlineData(One + "-----BEGIN X509 CRL-----\nMAMCAQIA\n-----END X509 CRL-----\n", 4)] // One byte too many.
    [InlineData(One + "----BEGIN X509 CRL-----\nMAMCAQI=\n-----END X509 CRL-----\n", 4)]
    [InlineData(One + "-----BEGIN X509 CRL----\nMAMCAQI=\n-----END X509 CRL-----\n", 4)]
    [InlineData(One + "-----BEGIN X509 CRL-----\nMAMCAQI=\n----END X509 CRL-----\n", 6)]
    [InlineData(One + "-----BEGIN X509 CRL-----\nMAMCAQI=\n-----END CERTIFICATE-----\n", 6)]
    [InlineData(One + "-----BEGIN X509 CRX-----\nMAMCAQI=\n-----END X509 CRX-----\n", 4)]
    [InlineData(One + "-----begin X509 CRL-----\nMAMCAQI=\n-----end X509 CRL-----\n", 4)]
    [InlineData(One + "MAMCAQI=\n-----END X509 CRL-----\n", 5)]
    [InlineData(One + "text-----BEGIN X509 CRL-----\nMAMCAQI=\n-----END X509 CRL-----\n", 4)]
    [InlineData(One + "-----BEGIN X509 CRL-----\n" + Other, 5)]
    [InlineData(One + "MIIBszCCAVmgAwIBAgIUXhVb0TtY9m3uJ0b5cX0aA1nF6gUwCgYIKoZIzj0EAwIw\nMAMC\n", 4)]
    [InlineData(One + "-\0-\0-\0-\0-\0B\0E\0G\0I\0N\0 \0X\05\00\09\0", 4)] // Added in UTF-16.
    public void Read_DamageBehindAGoodBlock_IsAnErrorThatNamesTheLine(string text, int line)
    {
        var failure = Should.Throw<TlsConfigurationException>(() => Read(text));

        failure.Message.ShouldStartWith($"Tls:CaPath: ca.pem:{line}: ");
        failure.Problem.ShouldStartWith($"line {line}: ");
        failure.Message.ShouldNotContain('\n');
    }

    [Fact]
    public void Read_CutOffAnywhere_NeverGivesHalfABlock()
    {
        var text = One + Other;
        for (var length = 1; length < text.Length; length++)
        {
            try
            {
                var whole = length < One.Length - 1 ? 0 : length < text.Length - 1 ? 1 : 2;
                Read(text[..length]).Length.ShouldBe(whole, $"after {length} characters");
            }
            catch (TlsConfigurationException)
            {
                // Told.
            }
        }
    }

    private static System.Collections.Immutable.ImmutableArray<PemBlock> Read(string text) =>
        PemReader.Read(new TlsFile(CertificateRole.Authority, "Tls:CaPath", "ca.pem", Encoding.UTF8.GetBytes(text)));
}
