using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.WebSockets;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// Runs the handler on an open connection and says how it ended. A handler that does not end when it must loses its socket; if it then
/// still does not end, it is abandoned.
/// </summary>
internal sealed class ServingPhase(
    ListeningContext context,
    Connection connection,
    ConnectionStream stream,
    FramedStream? webSocket,
    ConnectionFate fate,
    Socket socket)
{
    private static readonly TimeSpan AbandonAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CloseNotifyTimeout = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a peer has to read what was sent before and to close, from when its connection must end: one that is still writing may come
    /// to read the reason late.
    /// </summary>
    private static readonly TimeSpan LongestLinger = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The same after close_notify: when the peer ended the connection, when less than that is left of the longest, and from a shutdown on,
    /// whatever ended the connection before.
    /// </summary>
    private static readonly TimeSpan ShortestLinger = TimeSpan.FromSeconds(1);

    /// <summary>The most bytes that are dropped meanwhile.</summary>
    private const long LongestScraps = 64 * 1024 * 1024;

    private RehearsalException? _rehearsal;
    private bool _aborted;
    private long _endingAt;

    public long BytesReceived => stream.BytesReceived;

    public long BytesSent => stream.BytesSent;

    /// <summary>Makes what the handler awaits throw.</summary>
    public bool TryCrash(RehearsalException crash)
    {
        _rehearsal = crash;
        stream.Break(crash);
        return fate.TryClose(CloseReason.Crashed);
    }

    /// <summary>Serves the connection. What it throws is a crash.</summary>
    public async Task<CloseReason> RunAsync()
    {
        // Not at all when it must end already: what it has sent with its handshake is not handled.
        var serving = Task.Run(() => context.Handler.HandleAsync(connection, fate.Ending), fate.Ending);
        await serving.WaitAsync(fate.Ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _endingAt = context.Time.GetTimestamp();
        if (!serving.IsCompleted)
        {
            await EndByForceAsync(serving);
        }

        return Judge(serving);
    }

    /// <summary>
    /// Sends the close frame of a WebSocket and close_notify of TLS, unless the connection is broken, and gives the peer time to read
    /// what was sent before. After a crash it sends the close frame alone.
    /// </summary>
    /// <param name="tls">The stream.</param>
    /// <param name="reason">Why the connection ended.</param>
    public async Task CloseAsync(SslStream tls, CloseReason reason)
    {
        if (stream.Failed || _aborted)
        {
            return;
        }

        if (webSocket is not null)
        {
            await SendCloseFrameAsync(webSocket, reason);
        }

        if (reason == CloseReason.Crashed)
        {
            return;
        }

        await SendCloseNotifyAsync(tls);

        // A peer whose frames were wrong may still be sending.
        if (!stream.Ended || webSocket?.Violation is not null)
        {
            await LingerAsync();
        }
    }

    private async Task SendCloseFrameAsync(FramedStream frames, CloseReason reason)
    {
        var status = reason switch
        {
            CloseReason.Shutdown => CloseStatus.GoingAway,
            CloseReason.Crashed => CloseStatus.InternalError,
            CloseReason.CertificateRevoked => CloseStatus.PolicyViolation,
            _ => CloseStatus.Normal,
        };
        using var patience = new CancellationTokenSource(CloseNotifyTimeout, context.Time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.Forced.Token);
        var sending = frames.CloseAsync(status, reason.ToString(), end.Token);
        await sending.WaitAsync(end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        TaskObserver.Observe(sending, late => ListeningLog.CloseFrameFailed(context.Logger, connection.Id, late));
    }

    private async Task SendCloseNotifyAsync(SslStream tls)
    {
        var sending = tls.ShutdownAsync();
        await sending.WaitAsync(CloseNotifyTimeout, context.Time, context.Forced.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        TaskObserver.Observe(sending, late => ListeningLog.CloseNotifyFailed(context.Logger, connection.Id, late));
    }

    private async Task LingerAsync()
    {
        using var patience = new CancellationTokenSource(LingerTime(), context.Time);
#pragma warning disable RS0030 // The source has its clock from the constructor.
        await using var shorten = context.Stopping.Token.UnsafeRegister(
            static patience => ((CancellationTokenSource)patience!).CancelAfter(ShortestLinger), patience);
#pragma warning restore RS0030
        using var end = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.Forced.Token);
        await Linger.RunAsync(socket, LongestScraps, end.Token);
    }

    private TimeSpan LingerTime()
    {
        var left = LongestLinger - context.Time.GetElapsedTime(_endingAt);
        return fate.Closing is null or CloseReason.Shutdown || left < ShortestLinger ? ShortestLinger : left;
    }

    private async Task EndByForceAsync(Task serving)
    {
        await WaitAsync(serving, context.Options.CloseTimeout, context.Forced.Token);
        if (!serving.IsCompleted)
        {
            _aborted = true;
            Sockets.Abort(socket);
            await WaitAsync(serving, AbandonAfter, CancellationToken.None);
        }

        if (!serving.IsCompleted)
        {
            await AbandonAsync(serving);
        }
    }

    private async Task AbandonAsync(Task serving)
    {
        ListeningLog.HandlerAbandoned(context.Logger, connection.Id, connection.Identity);
        ObserveLate(serving);
        if (connection.Abandoned is { } closeSession)
        {
            var closing = Task.Run(closeSession, CancellationToken.None);
            ObserveLate(closing);
            await WaitAsync(closing, AbandonAfter, CancellationToken.None);
            if (!closing.IsCompleted)
            {
                ListeningLog.SessionNotClosed(context.Logger, connection.Id, connection.Identity);
            }
        }
    }

    private void ObserveLate(Task task) =>
        TaskObserver.Observe(task, late => ListeningLog.HandlerFailedLate(context.Logger, connection.Id, late));

    private async Task WaitAsync(Task task, TimeSpan atMost, CancellationToken patience) =>
        await task.WaitAsync(atMost, context.Time, patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private CloseReason Judge(Task serving)
    {
        var failure = FailureOf(serving);
        var unexplained = failure is not null && !stream.Explains(failure);
        var crashed = unexplained && fate.Closing is null;
        var reason = fate.Settle(crashed ? CloseReason.Crashed : stream.HowItEnded);
        if (crashed || reason == CloseReason.Crashed)
        {
            // No connection closes as crashed without an exception that says why.
            ExceptionDispatchInfo.Throw(_rehearsal ?? connection.Crash?.SourceException ?? failure ?? NothingThrown(serving));
        }

        if (unexplained && failure is not OperationCanceledException)
        {
            ListeningLog.HandlerFailedLate(context.Logger, connection.Id, failure!);
        }

        return reason;
    }

    private static Exception? FailureOf(Task serving) =>
        serving.IsFaulted ? serving.Exception.InnerException
        : serving.IsCanceled ? new OperationCanceledException("The handler cancelled itself.")
        : null;

    private InvalidOperationException NothingThrown(Task serving) => new(
        $"The handler of connection {connection.Id} closed it as crashed and {(serving.IsCompleted ? "threw nothing" : "did not end")}.");
}
