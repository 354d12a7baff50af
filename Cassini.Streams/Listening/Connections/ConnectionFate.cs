using Cassini.Streams.Events;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// Decides, once, how a connection ends: many may ask it to end (a deadline, the gate, an operator, the shutdown), the first wins, and
/// what may only end a handshake can never end an open connection. Thread-safe.
/// </summary>
internal sealed class ConnectionFate(ILogger logger)
{
    private readonly Lock _lock = new();

    // Not disposed: it has no timer and no parent, and a late caller may still cancel it.
    private readonly CancellationTokenSource _ending = new();
    private HandshakeRefusal? _refusal;
    private CloseReason? _closeReason;
    private CloseReason? _settled;
    private bool _open;

    /// <summary>Cancelled when the connection must end.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>Why the handshake must end; null while it need not.</summary>
    public HandshakeRefusal? Refusal
    {
        get
        {
            lock (_lock)
            {
                return _refusal;
            }
        }
    }

    /// <summary>Why the open connection must end; null while it need not.</summary>
    public CloseReason? Closing
    {
        get
        {
            lock (_lock)
            {
                return _closeReason;
            }
        }
    }

    public bool IsOpen
    {
        get
        {
            lock (_lock)
            {
                return _open;
            }
        }
    }

    /// <summary>The connection opens, unless its handshake was refused before: from now on only an open connection can end.</summary>
    public bool TryOpen()
    {
        lock (_lock)
        {
            return _open = _refusal is null;
        }
    }

    /// <summary>Ends the handshake, if it has not ended.</summary>
    public void Refuse(HandshakeRefusal refusal)
    {
        lock (_lock)
        {
            if (_open || _refusal is not null)
            {
                return;
            }

            _refusal = refusal;
        }

        Cancel();
    }

    /// <summary>Ends the connection, if it is open and nothing else ended it before.</summary>
    public bool TryClose(CloseReason reason)
    {
        lock (_lock)
        {
            if (!_open || _closeReason is not null)
            {
                return false;
            }

            _closeReason = reason;
        }

        Cancel();
        return true;
    }

    /// <summary>
    /// Decides why the open connection ends: the reason for which it must end, if there is one; otherwise the observed reason. Later
    /// calls return the same, so that all events agree.
    /// </summary>
    public CloseReason Settle(CloseReason observed)
    {
        lock (_lock)
        {
            return _settled ??= _closeReason ?? observed;
        }
    }

    /// <summary>Ends the connection whatever it is doing, because the broker shuts down.</summary>
    public void Shutdown()
    {
        Refuse(new HandshakeRefusal(HandshakeFailure.Shutdown));
        TryClose(CloseReason.Shutdown);
    }

    /// <summary>
    /// Cancels on the thread pool: what the handler registered on its token must not run on the thread of a timer, of the gate or of a
    /// management request.
    /// </summary>
    private void Cancel() => TaskObserver.Observe(_ending.CancelAsync(), failure => ListeningLog.CancellationFailed(logger, failure));
}
