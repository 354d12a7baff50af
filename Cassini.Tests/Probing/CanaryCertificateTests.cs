using Cassini.Streams.Probing;
using Cassini.Streams.Tls;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Probing;

public sealed class CanaryCertificateTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly TestAuthority _authority = new();

    public void Dispose()
    {
        _directory.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public void Load_FilesAreReplaced_DisposesTheCertificateBefore()
    {
        var (certificate, key) = Write("first");
        using var canary = new CanaryCertificate(certificate, key, NullLogger.Instance);
        var (first, _) = canary.Load();
        canary.Load().Leaf.ShouldBeSameAs(first);
        Write("second");

        var (second, context) = canary.Load();

        second.Subject.ShouldBe("CN=second");
        context.TargetCertificate.Handle.ShouldNotBe(IntPtr.Zero);
        first.Handle.ShouldBe(IntPtr.Zero, "it is disposed");
    }

    [Fact]
    public void Load_FilesBecomeUnusable_KeepsTheCertificateBefore()
    {
        var (certificate, key) = Write("first");
        using var canary = new CanaryCertificate(certificate, key, NullLogger.Instance);
        var (first, _) = canary.Load();
        File.WriteAllText(certificate, "half a fi");

        canary.Load().Leaf.ShouldBeSameAs(first);
        first.Handle.ShouldNotBe(IntPtr.Zero);
    }

    [Fact]
    public void Load_FilesStayUnusable_LogsTheExceptionOnce()
    {
        var log = new RecordingLoggers();
        var (certificate, key) = Write("first");
        using var canary = new CanaryCertificate(certificate, key, log);
        canary.Load();

        for (var failure = 1; failure <= 2; failure++)
        {
            File.WriteAllText(certificate, "half a fi");
            canary.Load();
            canary.Load();
            log.Lines.Count(line => line.Exception is TlsConfigurationException).ShouldBe(failure);
            Write("second");
            canary.Load();
        }
    }

    [Fact]
    public void Load_FilesWereNeverUsable_ThrowsAndLogsTheExceptionOnce()
    {
        var log = new RecordingLoggers();
        var (certificate, key) = Write("first");
        File.Delete(key);
        using var canary = new CanaryCertificate(certificate, key, log);

        Should.Throw<TlsConfigurationException>(() => canary.Load()).Message.ShouldBe($"Probing:CanaryKeyPath: {key}: no such file");
        Should.Throw<TlsConfigurationException>(() => canary.Load());

        log.Lines.ShouldHaveSingleItem().Exception.ShouldBeOfType<TlsConfigurationException>();
    }

    [Fact]
    public void Load_ChainIsDamagedBehindTheFirstBlock_KeepsTheCertificateBefore()
    {
        var log = new RecordingLoggers();
        var (certificate, key) = Write("first");
        using var canary = new CanaryCertificate(certificate, key, log);
        var (first, _) = canary.Load();
        Write("second");
        File.WriteAllText(certificate, File.ReadAllText(certificate).Replace("CERTIFICATE-----\n-----BEGIN", "CERTIFICATE----------BEGIN"));

        canary.Load().Leaf.ShouldBeSameAs(first);
        log.Lines.ShouldHaveSingleItem().Exception!.Message.ShouldStartWith($"Probing:CanaryCertificatePath: {certificate}:");
    }

    private (string Certificate, string Key) Write(string name)
    {
        using var intermediate = _authority.IssueIntermediate();
        using var client = intermediate.IssueClient(name);
        return intermediate.WriteClient(_directory.Path, client, "canary");
    }
}
