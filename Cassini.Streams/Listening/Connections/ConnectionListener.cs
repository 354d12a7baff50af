using System.Globalization;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Streams.Listening.Probes;
using Cassini.Streams.Listening.WebSockets;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;
using Cassini.Streams.Supervision;
using Cassini.Streams.Tls.Handshakes;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// The supervised listener of one connection: handshake, service, and, whatever happens in between, exactly one terminal event. A crash
/// here costs this connection alone.
/// </summary>
internal sealed class ConnectionListener : IPendingConnection
{
    // A client of TLS 1.3 may have sent its first messages before it is refused.
    private const int LongestScraps = 64 * 1024;
    private static readonly TimeSpan LongestRefusal = TimeSpan.FromSeconds(1);

    private readonly ListeningContext _context;
    private readonly AcceptedSocket _accepted;
    private readonly IEventPublisher _events;
    private readonly Supervisor _supervisor;
    private readonly ConnectionFate _fate;
    private GatePass? _pass;
    private HandshakeRefusal? _refusal;
    private MutualTlsStream? _tls;
    private X509Certificate2? _certificate;
    private bool _sentReason;
    private bool _hasEnded;
    private volatile string _identity = "";
    private Account? _account;
    private volatile ServingPhase? _serving;
    private CloseReason _closeReason;
    private long _openedAt;

    public ConnectionListener(ListeningContext context, AcceptedSocket accepted)
    {
        _context = context;
        _accepted = accepted;
        _fate = new ConnectionFate(context.Logger);
        Id = context.Connections.NextId(IsProbe);
        _events = accepted.Canary is { } ticket ? new ProbePublisher(ticket) : context.Events;
        _supervisor = IsProbe ? context.Supervisor.PublishingTo(_events) : context.Supervisor;
    }

    public long Id { get; }

    public bool IsProbe => _accepted.Canary is not null;

    public bool IsOpen => _fate.IsOpen;

    /// <summary>The identity that the peer proved; empty before.</summary>
    public string Identity => _identity;

    /// <summary>Ends after the terminal event. Never fails.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    private bool IsQuarantined => !IsProbe && _context.Quarantine.RemainingFor(_identity) is not null;

    /// <summary>
    /// Publishes the accept, enters the table and the gate, and begins to serve, in this order. The gate is entered here and not by the
    /// task, so that it has the connections in the order in which they came.
    /// </summary>
    public void Start()
    {
        _events.Publish(new ConnectionAccepted(Id, _accepted.Endpoint.ToString(), _accepted.Remote.ToString()));
        _context.Connections.Add(this);
        _pass = _context.Gate.Enter(_accepted.Remote.Address, this, reserved: IsProbe);
        Completion = Task.Run(RunAsync);
    }

    public void Evict(string detail) => _fate.Refuse(new HandshakeRefusal(HandshakeFailure.HandshakeLimit, detail));

    public void CloseIfOf(string identity)
    {
        if (_identity == identity)
        {
            _fate.TryClose(CloseReason.Quarantined);
        }
    }

    /// <summary>Closes it if its certificate is revoked, as those may be that were accepted before a list was loaded.</summary>
    public void CloseIfRevoked()
    {
        if (_fate.IsOpen && !IsProbe && _certificate is { } certificate
            && _context.Certificates.HasRevoked(certificate, _tls!.Verdict))
        {
            _fate.TryClose(CloseReason.CertificateRevoked);
        }
    }

    public bool TryDisconnect() => _fate.TryClose(CloseReason.Disconnected);

    public bool TryCrash(RehearsalException crash) => _serving?.TryCrash(crash) ?? false;

    public void Shutdown() => _fate.Shutdown();

    private async Task RunAsync()
    {
        var component = new Component(ComponentKind.Connection, Id.ToString(CultureInfo.InvariantCulture));
        var crash = await _supervisor.RunOnceAsync(component, ServeAsync);
        var served = crash is null;
        try
        {
            // A shortage of the whole process hits anyone, also those that did not cause it.
            if (crash is not null && !ProcessShortage.Caused(crash)
                && _fate.IsOpen && !IsProbe && _context.Quarantine.RecordCrash(_identity) is { } quarantined)
            {
                _events.Publish(quarantined);

                // Its open connections must not crash one by one. A connection that is about to open checks the quarantine itself.
                foreach (var sibling in _context.Connections.All)
                {
                    sibling.CloseIfOf(quarantined.Identity);
                }
            }

            if (!_fate.IsOpen)
            {
                PublishEnd(served); // Now, because the peer may read for some time why it was refused.
            }

            await CloseTransportAsync(graceful: served);
        }
        catch (Exception failure)
        {
            ListeningLog.CloseFailed(_context.Logger, Id, failure);
        }
        finally
        {
            PublishEnd(served);
            _context.Connections.Remove(this);
            if (_account is { } account)
            {
                _context.Accounts.Close(account);
            }
        }
    }

    private async Task ServeAsync()
    {
        _refusal = await OpenAsync();
        if (_refusal is null)
        {
            _closeReason = await _serving!.RunAsync();
        }
    }

    private async Task<HandshakeRefusal?> OpenAsync()
    {
        var handshake = new HandshakePhase(_context, _accepted, _fate);
        var refusal = await handshake.RunAsync(_pass!);
        _pass = null;
        _tls = handshake.Stream;
        _sentReason = handshake.SentReason;
        if (refusal is not null)
        {
            return refusal;
        }

        _identity = _tls!.Verdict.Identity;
        _certificate = _tls.RemoteCertificate as X509Certificate2;
        _account = _context.Accounts.Open(_identity);
        if (Admit(_account) is { } refused)
        {
            return refused;
        }

        // Checked again, because a quarantine that began during the admission could not close a connection that was not open.
        if (IsQuarantined)
        {
            CloseIfOf(_identity);
        }

        // For the same reason: the list that revokes it may have been loaded after its handshake and before it was open.
        CloseIfRevoked();
        _openedAt = _context.Time.GetTimestamp();
        var webSocket = handshake.Upgrade is { } upgrade ? new FramedStream(_tls, upgrade.Rest, Break, _context.Time) : null;
        var stream = new ConnectionStream(
            (Stream?)webSocket ?? _tls, IsProbe ? null : _context.Bytes, handshake.Transport);
        var connection = new Connection(
            Id, _accepted.Endpoint.ToString(), _accepted.Remote.ToString(), _account, stream, _fate, _events, IsProbe)
        {
            Stopping = _context.Stopping.Token,
        };
        _events.Publish(new HandshakeCompleted(Id, _identity, NameOf(_tls.SslProtocol, webSocket is not null), handshake.Duration));
        _serving = new ServingPhase(_context, connection, stream, webSocket, _fate, _accepted.Socket);
        _events.Publish(new ConnectionOpened(Id, _identity));
        if (_context.Handler is not ISessionHandler)
        {
            _events.Publish(new SessionOpened(Id, null, _identity, null, SessionPresent: false));
        }

        return null;
    }

    /// <summary>Ends a connection whose frames are wrong.</summary>
    private void Break(FrameViolation violation)
    {
        ListeningLog.FramesWrong(_context.Logger, Id, _identity, violation.Message);
        _fate.TryClose(violation.Reason);
    }

    /// <summary>The limits that need a proven identity. Our own canary passes them all.</summary>
    private HandshakeRefusal? Admit(Account account)
    {
        if (!IsProbe && _context.Quarantine.RemainingFor(_identity) is { } remaining)
        {
            return new HandshakeRefusal(HandshakeFailure.Quarantined, $"for another {Math.Ceiling(remaining.TotalSeconds)} s");
        }

        if (!IsProbe && TakeSlot(account) is { } refusal)
        {
            return refusal;
        }

        if (_fate.TryOpen())
        {
            return null;
        }

        if (!IsProbe)
        {
            _context.Connections.FreeOpenSlot(account);
        }

        return _fate.Refusal;
    }

    private HandshakeRefusal? TakeSlot(Account account)
    {
        switch (_context.Connections.TryTakeOpenSlot(account))
        {
            case QuotaVerdict.Exhausted:
                _context.LimitNotice.Publish(_context.Connections);
                return new HandshakeRefusal(
                    HandshakeFailure.ConnectionLimit,
                    $"{Quantity.Of(_context.Options.MaxConnections, "connection is", "connections are")} open");
            case QuotaVerdict.OverQuota:
                var held = account.Held(CapacityResource.Connections);
                _context.LimitNotice.PublishShare(_identity, held);
                return new HandshakeRefusal(
                    HandshakeFailure.ConnectionQuota,
                    $"this identity has {Quantity.Of(held, "open connection")}, the most that one may have now (Quota:Connections)");
            default:
                return null;
        }
    }

    private async Task CloseTransportAsync(bool graceful)
    {
        try
        {
            if (_serving is { } serving)
            {
                await serving.CloseAsync(_tls!, graceful ? _closeReason : CloseReason.Crashed);
            }
            else if (_sentReason)
            {
                await LingerAsync();
            }
        }
        finally
        {
            _tls?.Dispose();
            _accepted.Socket.Dispose();
        }
    }

    /// <summary>Lets the refused peer read the alert or the answer, while there is a place.</summary>
    private async Task LingerAsync()
    {
        if (!_context.RefusalPlaces.Wait(0))
        {
            return;
        }

        try
        {
            using var limit = new CancellationTokenSource(LongestRefusal, _context.Time);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _fate.Ending);
            await Linger.RunAsync(_accepted.Socket, LongestScraps, end.Token);
        }
        finally
        {
            _context.RefusalPlaces.Release();
        }
    }

    /// <summary>Publishes the terminal event, once.</summary>
    private void PublishEnd(bool served)
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        var sinceAccept = _context.Time.GetElapsedTime(_accepted.AcceptedAt);
        _context.Connections.Retire(this);
        if (!_fate.IsOpen)
        {
            var refusal = served ? _refusal! : new HandshakeRefusal(HandshakeFailure.Crashed);
            _events.Publish(new HandshakeFailed(Id, refusal.Reason, refusal.Detail, sinceAccept, _accepted.Remote.ToString()));
            return;
        }

        if (!IsProbe)
        {
            _context.Connections.FreeOpenSlot(_account!);
        }

        var reason = served ? _closeReason : CloseReason.Crashed;
        if (_context.Handler is not ISessionHandler)
        {
            _events.Publish(new SessionClosed(Id, null, reason, _context.Time.GetElapsedTime(_openedAt), Kept: false));
        }

        var serving = _serving;
        _events.Publish(new ConnectionClosed(Id, reason, sinceAccept, serving?.BytesReceived ?? 0, serving?.BytesSent ?? 0));
    }

    private static string NameOf(SslProtocols protocol, bool isWebSocket) => (protocol == SslProtocols.Tls13, isWebSocket) switch
    {
        (true, false) => "TLS 1.3",
        (false, false) => "TLS 1.2",
        (true, true) => "WebSocket over TLS 1.3",
        (false, true) => "WebSocket over TLS 1.2",
    };
}
