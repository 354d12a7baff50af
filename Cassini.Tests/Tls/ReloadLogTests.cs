using System.Security.Cryptography;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Files;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Tls;

/// <summary>
/// What is wrong with a user's file is one sentence, which the log has from the event. Where it was found is for a developer.
/// </summary>
public sealed class ReloadLogTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly ScratchDirectory _directory = new();
    private readonly RecordingPublisher _events = new();
    private readonly RecordingLogger<CertificateStore> _log = new();

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Look_CertificateCannotBeRead_LogsTheStackOnceAndOnlyAtDebug()
    {
        var (store, options) = Loaded();
        File.WriteAllText(options.ServerChainPath, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");

        Look(store, times: 5);

        var failed = _events.Of<CertificateReloadFailed>().ShouldHaveSingleItem();
        var logged = _log.Entries.ShouldHaveSingleItem();
        logged.Level.ShouldBe(LogLevel.Debug);
        var exception = logged.Exception.ShouldBeOfType<TlsConfigurationException>();
        exception.Problem.ShouldBe(failed.Message);
        exception.InnerException.ShouldBeAssignableTo<CryptographicException>();
    }

    [Fact]
    public void Look_FileIsMissing_LogsTheStackOnceForEachFailureAndOnlyAtDebug()
    {
        var (store, options) = Loaded();
        var key = File.ReadAllText(options.ServerKeyPath);

        for (var failure = 1; failure <= 2; failure++)
        {
            File.Delete(options.ServerKeyPath);
            Look(store, times: 3);
            _log.Entries.Count(entry => entry.Exception is TlsConfigurationException).ShouldBe(failure);
            _log.Entries.ShouldAllBe(entry => entry.Exception == null || entry.Level == LogLevel.Debug);
            File.WriteAllText(options.ServerKeyPath, key);
            Look(store, times: 3);
        }
    }

    private (CertificateStore Store, TlsOptions Options) Loaded()
    {
        var options = _authority.Write(_directory.Path);
        var store = new CertificateStore(options, _events, new SettableTime(), _log);
        store.Load();
        return (store, options);
    }

    private static void Look(CertificateStore store, int times)
    {
        for (var time = 0; time < times; time++)
        {
            store.Look();
        }
    }
}
