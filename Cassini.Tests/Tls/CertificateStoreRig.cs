using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Files;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Tls;

/// <summary>Certificate stores over files of an authority of their own, with settable time.</summary>
internal sealed class CertificateStoreRig : IDisposable
{
    public TestAuthority Authority { get; } = new();

    public ScratchDirectory Directory { get; } = new();

    public RecordingPublisher Events { get; } = new();

    public SettableTime Time { get; } = new();

    public static void Look(CertificateStore store, int times)
    {
        for (var i = 0; i < times; i++)
        {
            store.Look();
        }
    }

    public CertificateStore Store(TlsOptions options) => new(options, Events, Time, NullLogger<CertificateStore>.Instance);

    /// <summary>A store that has loaded the authority's files, whose events are taken.</summary>
    public CertificateStore Loaded(out TlsOptions options)
    {
        options = Authority.Write(Directory.Path);
        var store = Store(options);
        store.Load();
        Events.Take();
        return store;
    }

    public void Dispose()
    {
        Authority.Dispose();
        Directory.Dispose();
    }
}
