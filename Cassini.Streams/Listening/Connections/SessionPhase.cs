using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// Runs the handler on an open connection and tells how it ended. A handler that does not end when told to loses its socket,
/// and if even that does not help, it is left behind.
/// </summary>
internal sealed class SessionPhase(ListeningContext context, Connection connection, ConnectionStream stream, ConnectionFate fate, Socket socket)
{
    private static readonly TimeSpan AbandonAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CloseNotifyTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LingerTimeout = TimeSpan.FromSeconds(1);
    private RehearsalException? _rehearsal;
    private bool _aborted;

    public long BytesReceived => stream.BytesReceived;

    public long BytesSent => stream.BytesSent;

    /// <summary>Makes what the handler awaits throw.</summary>
    public bool TryCrash(RehearsalException crash)
    {
        _rehearsal = crash;
        stream.Break(crash);
        return fate.TryClose(SessionCloseReason.Crashed);
    }

    /// <summary>Serves the session. What it throws is a crash.</summary>
    public async Task<SessionCloseReason> RunAsync()
    {
        var serving = Task.Run(() => context.Handler.HandleAsync(connection, fate.Ending), CancellationToken.None);
        await serving.WaitAsync(fate.Ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!serving.IsCompleted)
        {
            await InsistAsync(serving);
        }

        return Judge(serving);
    }

    /// <summary>Says goodbye in TLS, if the peer still listens, and gives it time to hear the last words.</summary>
    public async Task SayGoodbyeAsync(SslStream tls)
    {
        if (stream.Failed || _aborted)
        {
            return;
        }

        await SayCloseNotifyAsync(tls);
        if (!stream.Ended)
        {
            await LingerAsync();
        }
    }

    private async Task SayCloseNotifyAsync(SslStream tls)
    {
        var goodbye = tls.ShutdownAsync();
        await goodbye.WaitAsync(CloseNotifyTimeout, context.Time, context.Forced.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        TaskObserver.Observe(goodbye, late => ListeningLog.GoodbyeFailed(context.Logger, connection.Id, late.Message));
    }

    /// <summary>
    /// Takes what the peer still sends until it closes too. A socket that is closed with unread bytes, or gets some later, answers
    /// with a reset, and a reset may throw away what the peer has not read yet: the reason why its session ended.
    /// </summary>
    private async Task LingerAsync()
    {
        using var limit = new CancellationTokenSource(LingerTimeout, context.Time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.Forced.Token);
        var scraps = new byte[256];
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(scraps, patience.Token) > 0)
            {
            }
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It closed, or had time enough.
        }
    }

    private async Task InsistAsync(Task serving)
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
            ListeningLog.HandlerAbandoned(context.Logger, connection.Id, connection.Identity);
            TaskObserver.Observe(serving, late => ListeningLog.HandlerFailedLate(context.Logger, connection.Id, late));
        }
    }

    private async Task WaitAsync(Task serving, TimeSpan atMost, CancellationToken patience) =>
        await serving.WaitAsync(atMost, context.Time, patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private SessionCloseReason Judge(Task serving)
    {
        var told = fate.CloseReason;
        if (told == SessionCloseReason.Crashed && _rehearsal is { } rehearsal)
        {
            throw rehearsal;
        }

        if (serving.IsCompleted && !serving.IsCompletedSuccessfully)
        {
            var failure = serving.Exception?.InnerException ?? new OperationCanceledException("The handler cancelled itself.");
            if (told == SessionCloseReason.Crashed || (told is null && !IsTransport(failure)))
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            if (told is not null)
            {
                NoteFailureWhileEnding(failure);
            }
        }

        return told ?? (stream.Ended ? SessionCloseReason.PeerClosed
            : stream.Failed ? SessionCloseReason.ConnectionLost
            : SessionCloseReason.Completed);
    }

    private void NoteFailureWhileEnding(Exception failure)
    {
        if (failure is not OperationCanceledException && !IsTransport(failure))
        {
            ListeningLog.HandlerFailedLate(context.Logger, connection.Id, failure);
        }
    }

    /// <summary>A handler's own I/O errors are its own: only what the stream has seen is the transport's.</summary>
    private bool IsTransport(Exception failure) =>
        (stream.Ended || stream.Failed) && failure is IOException or SocketException or ObjectDisposedException;
}
