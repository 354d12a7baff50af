using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Cassini.Streams.Events;
using Cassini.Streams.Tls.Clients;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Tls.Files;

/// <summary>
/// Holds the TLS material in use and follows its files. Files are compared by content, so that a swapped symlink, a rewritten file
/// and a restored one are all noticed. A change is loaded when two reads in a row gave the same content, so that half-written files are
/// not loaded. Files that cannot be used change nothing: the old material stays in use, and the failure is published once. Files that are
/// only not valid yet are tried again when their time has come.
/// </summary>
internal sealed class CertificateStore
{
    /// <summary>The most requested reloads that wait. A further caller waits until one is done.</summary>
    private const int MaxAsked = 16;

    private readonly KnownIntermediates _intermediates = new();
    private readonly TlsOptions _options;
    private readonly IEventPublisher _events;
    private readonly TimeProvider _time;
    private readonly ILogger<CertificateStore> _logger;
    private readonly ExpiryWatch _expiry;
    private readonly Channel<TaskCompletionSource> _asked = Channel.CreateBounded<TaskCompletionSource>(MaxAsked);
    private ImmutableArray<CertificateInUse> _inUse = [];
    private string? _loaded;
    private string? _seen;
    private string? _refused;
    private DateTimeOffset? _usableFrom;
    private volatile TlsMaterial? _current;

    /// <summary>Creates a store. It reads no file before <see cref="Load"/>.</summary>
    /// <param name="options">Which files to read, and how often.</param>
    /// <param name="events">Publishes what was loaded, what could not be used, and what expires soon.</param>
    /// <param name="time">The clock that certificates are judged by.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="ArgumentOutOfRangeException">A duration of the options is out of its range.</exception>
    public CertificateStore(TlsOptions options, IEventPublisher events, TimeProvider time, ILogger<CertificateStore> logger)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.ReloadInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ExpiringWithin, TimeSpan.Zero);
        _options = options;
        _events = events;
        _time = time;
        _logger = logger;
        _expiry = new ExpiryWatch(options.ExpiringWithin, time);
    }

    /// <summary>
    /// Raised when other material with a revocation list is in use, and that is published: who was accepted before may be revoked by it.
    /// Not without <see cref="TlsOptions.DisconnectRevoked"/>. On the thread that reads the files.
    /// </summary>
    public event Action? RevocationChanged;

    /// <summary>The material for every new handshake. Any thread.</summary>
    /// <exception cref="InvalidOperationException">Nothing was loaded yet.</exception>
    public TlsMaterial Current => _current ?? throw new InvalidOperationException($"Call {nameof(Load)} first.");

    /// <summary>Whether material was loaded. Any thread.</summary>
    public bool IsLoaded => _current is not null;

    /// <summary>
    /// Whether a client that was accepted before is revoked by the list in use now. Never without
    /// <see cref="TlsOptions.DisconnectRevoked"/>. Any thread.
    /// </summary>
    /// <inheritdoc cref="TlsMaterial.HasRevoked"/>
    public bool HasRevoked(X509Certificate2 certificate, ClientVerdict accepted) =>
        _options.DisconnectRevoked && Current.HasRevoked(certificate, accepted);

    /// <summary>
    /// Loads the files for the first time, at the start. An expired certificate is loaded too, and health reports it. One that is not
    /// valid yet is not. Call it once.
    /// </summary>
    /// <exception cref="TlsConfigurationException">A file is missing or cannot be used; one line says which and why.</exception>
    public void Load()
    {
        var files = TlsFileSet.Read(_options);
        Use(MaterialOf(files, inUse: null), files.Digest());
    }

    /// <summary>
    /// Reads the files every <see cref="TlsOptions.ReloadInterval"/> until it is cancelled. One call at a time, after <see
    /// cref="Load"/>.
    /// </summary>
    /// <param name="cancellationToken">Ends it without an exception.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _ = Current;
        using var timer = new PeriodicTimer(_options.ReloadInterval, _time);
        try
        {
            Look();
            var tick = timer.WaitForNextTickAsync(cancellationToken).AsTask();
            var ask = _asked.Reader.WaitToReadAsync(cancellationToken).AsTask();
            while (true)
            {
                var first = await Task.WhenAny(tick, ask).ConfigureAwait(false);
                await first.ConfigureAwait(false);
                if (first == ask)
                {
                    LookAndAnswer();
                    ask = _asked.Reader.WaitToReadAsync(cancellationToken).AsTask();
                }
                else
                {
                    Look();
                    tick = timer.WaitForNextTickAsync(cancellationToken).AsTask();
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Cancelled by the caller.
        }
    }

    /// <summary>
    /// Makes <see cref="RunAsync"/> read the files at once and load them without a second read: the caller guarantees that they are
    /// complete. Completes when that is done and published, whether or not the files could be used. Any thread.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait with an exception. While <see cref="RunAsync"/> does not run, no file is read.</param>
    public async Task LookNowAsync(CancellationToken cancellationToken)
    {
        var looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _asked.Writer.WriteAsync(looked, cancellationToken).ConfigureAwait(false);
        await looked.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the files once.</summary>
    /// <param name="isCertain">Whether the files are known to be complete, so that one read is enough.</param>
    internal void Look(bool isCertain = false)
    {
        var (files, unreadable) = TryRead();
        var seen = files?.Digest() ?? unreadable!.Message;
        var steady = seen == _seen;
        _seen = seen;
        if (steady || isCertain)
        {
            Apply(seen, files, unreadable);
        }

        foreach (var part in _expiry.Due(_inUse))
        {
            _events.Publish(new CertificateExpiring(part.Role, part.Subject, part.NotAfter));
        }
    }

    private void LookAndAnswer()
    {
        var asked = new List<TaskCompletionSource>();
        while (_asked.Reader.TryRead(out var one))
        {
            asked.Add(one);
        }

        try
        {
            Look(isCertain: true);
        }
        finally
        {
            asked.ForEach(one => one.SetResult());
        }
    }

    private (TlsFileSet? Files, TlsConfigurationException? Unreadable) TryRead()
    {
        try
        {
            return (TlsFileSet.Read(_options), null);
        }
        catch (TlsConfigurationException e)
        {
            return (null, e);
        }
    }

    private void Apply(string seen, TlsFileSet? files, TlsConfigurationException? unreadable)
    {
        if (seen == _loaded)
        {
            Restore();
        }
        else if ((seen != _refused || _usableFrom <= _time.GetUtcNow()) && TryReplace(seen, files, unreadable)
            && _options.DisconnectRevoked && Current.Revocation is not null)
        {
            RevocationChanged?.Invoke();
        }
    }

    private bool TryReplace(string seen, TlsFileSet? files, TlsConfigurationException? unreadable)
    {
        try
        {
            var read = files ?? throw unreadable!;
            Use(MaterialOf(read, Current), seen);
            return true;
        }
        catch (TlsConfigurationException e)
        {
            Refuse(seen, e.Role, e.Path, e.Problem, e.UsableFrom);
            TlsLog.Refused(_logger, e);
        }
        catch (Exception e)
        {
            // No file may crash the watcher, whatever the libraries throw: the old material stays in use.
            Refuse(seen, CertificateRole.Server, _options.ServerChainPath, e.Message, usableFrom: null);
            TlsLog.ReloadFailed(_logger, e);
        }

        return false;
    }

    private TlsMaterial MaterialOf(TlsFileSet files, TlsMaterial? inUse) =>
        TlsMaterial.Create(files, _time, _options.IdentityFrom, _intermediates, inUse, _options.AllowWeakClients);

    private void Refuse(string seen, CertificateRole role, string path, string problem, DateTimeOffset? usableFrom)
    {
        _refused = seen;
        _usableFrom = usableFrom;
        _events.Publish(new CertificateReloadFailed(role, path, problem));
    }

    private void Use(TlsMaterial material, string digest)
    {
        _current = material;
        _inUse = CertificateInUse.Of(material);
        _loaded = _seen = digest;
        _refused = null;
        PublishLoaded();
    }

    // The bad files are gone and the ones in use are back. Without an event, the failed reload would stay the last report.
    private void Restore()
    {
        if (_refused is not null)
        {
            _refused = null;
            TlsLog.Restored(_logger);
            PublishLoaded();
        }
    }

    private void PublishLoaded()
    {
        for (var i = 0; i < _inUse.Length; i++)
        {
            _events.Publish(_inUse[i].ToLoaded(following: _inUse.Length - 1 - i));
        }
    }
}
