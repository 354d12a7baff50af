using Cassini.Streams.Probing;
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

    private (string Certificate, string Key) Write(string name)
    {
        using var intermediate = _authority.IssueIntermediate();
        using var client = intermediate.IssueClient(name);
        return intermediate.WriteClient(_directory.Path, client, "canary");
    }
}
