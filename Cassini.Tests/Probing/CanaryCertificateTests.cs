using Cassini.Streams.Probing;
using Cassini.Streams.Tls;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Probing;

public sealed class CanaryCertificateTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly SettableTime _time = new();
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
        using var canary = new CanaryCertificate(certificate, key, _time, NullLogger.Instance);
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
        using var canary = new CanaryCertificate(certificate, key, _time, NullLogger.Instance);
        var (first, _) = canary.Load();
        File.WriteAllText(certificate, "half a fi");

        canary.Load().Leaf.ShouldBeSameAs(first);
        first.Handle.ShouldNotBe(IntPtr.Zero);
    }

    [Fact]
    public void Load_FilesStayUnusable_LogsASentenceOnceAndTheStackOnlyAtDebug()
    {
        var log = new RecordingLoggers();
        var (certificate, key) = Write("first");
        using var canary = new CanaryCertificate(certificate, key, _time, log);
        canary.Load();

        for (var failure = 1; failure <= 2; failure++)
        {
            File.WriteAllText(certificate, "half a fi");
            canary.Load();
            canary.Load();
            log.Lines.Count(line => line.Level == LogLevel.Warning && line.Exception == null).ShouldBe(failure);
            log.Lines.Count(line => line.Level == LogLevel.Debug && line.Exception is TlsConfigurationException).ShouldBe(failure);
            Write("second");
            canary.Load();
        }
    }

    [Fact]
    public void Load_FilesWereNeverUsable_ThrowsAndLogsThatOnce()
    {
        var log = new RecordingLoggers();
        var (certificate, key) = Write("first");
        File.Delete(key);
        using var canary = new CanaryCertificate(certificate, key, _time, log);

        Should.Throw<TlsConfigurationException>(() => canary.Load()).Message.ShouldBe($"Probing:CanaryKeyPath: {key}: no such file");
        Should.Throw<TlsConfigurationException>(() => canary.Load());

        var warning = log.Lines.Where(line => line.Level == LogLevel.Warning).ShouldHaveSingleItem();
        warning.Text.ShouldEndWith($": Probing:CanaryKeyPath: {key}: no such file");
        warning.Exception.ShouldBeNull();
    }

    [Fact]
    public void Load_ChainIsDamagedBehindTheFirstBlock_KeepsTheCertificateBefore()
    {
        var log = new RecordingLoggers();
        var (certificate, key) = Write("first");
        using var canary = new CanaryCertificate(certificate, key, _time, log);
        var (first, _) = canary.Load();
        Write("second");
        File.WriteAllText(certificate, File.ReadAllText(certificate).Replace("CERTIFICATE-----\n-----BEGIN", "CERTIFICATE----------BEGIN"));

        canary.Load().Leaf.ShouldBeSameAs(first);
        log.Lines.Where(line => line.Level == LogLevel.Warning).ShouldHaveSingleItem().Text
            .ShouldContain($": Probing:CanaryCertificatePath: {certificate}:");
    }

    [Fact]
    public void Load_NotValidYet_IsTakenWhenItsTimeHasComeAndLoggedOnce()
    {
        var log = new RecordingLoggers();
        var from = CertificateTimes.ToTheSecond(_time.Now.AddHours(1));
        var (certificate, key) = Write("early", new() { NotBefore = from });
        using var canary = new CanaryCertificate(certificate, key, _time, log);

        for (var minute = 0; minute < 60; minute++)
        {
            Should.Throw<TlsConfigurationException>(() => canary.Load()).Message
                .ShouldEndWith($"'CN=early' is not valid yet: not before {from:u}, and now it is {_time.Now:u}");
            _time.Now += TimeSpan.FromSeconds(59);
        }

        log.Lines.Where(line => line.Level == LogLevel.Warning).ShouldHaveSingleItem();
        _time.Now = from;
        canary.Load().Leaf.Subject.ShouldBe("CN=early");
    }

    [Fact]
    public void Load_ReplacedByAnExpiredOne_KeepsTheCertificateBefore()
    {
        var log = new RecordingLoggers();
        var (certificate, key) = Write("first");
        using var canary = new CanaryCertificate(certificate, key, _time, log);
        var (first, _) = canary.Load();
        var to = CertificateTimes.ToTheSecond(_time.Now.AddHours(-1));
        Write("old", new() { NotBefore = to.AddDays(-9), NotAfter = to });

        for (var look = 0; look < 3; look++)
        {
            canary.Load().Leaf.ShouldBeSameAs(first);
            _time.Now += TimeSpan.FromSeconds(10);
        }

        log.Lines.Where(line => line.Level == LogLevel.Warning).ShouldHaveSingleItem().Text
            .ShouldContain($"'CN=old' has expired: not after {to:u}, and now it is ");
    }

    private (string Certificate, string Key) Write(string name, LeafSpec? spec = null)
    {
        using var intermediate = _authority.IssueIntermediate();
        using var client = intermediate.IssueClient(name, spec);
        return intermediate.WriteClient(_directory.Path, client, "canary");
    }
}
