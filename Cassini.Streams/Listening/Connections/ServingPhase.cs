using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// Runs the handler on an open connection and says how it ended. A handler that does not end when it must loses its socket; if it then
/// still does not end, it is abandoned.
/// </summary>
internal sealed class ServingPhase(
    ListeningContext context, Connection connection, ConnectionStream stream, ConnectionFate fate, Socket socket)
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
        return fate.TryClose(CloseReason.Crashed);
    }

    /// <summary>Serves the connection. What it throws is a crash.</summary>
    public async Task<CloseReason> RunAsync()
    {
        var serving = Task.Run(() => context.Handler.HandleAsync(connection, fate.Ending), CancellationToken.None);
        await serving.WaitAsync(fate.Ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!serving.IsCompleted)
        {
            await EndByForceAsync(serving);
        }

        return Judge(serving);
    }

    /// <summary>
    /// Sends close_notify of TLS, unless the connection is broken, and gives the peer time to read what was sent before.
    /// </summary>
    public async Task CloseGracefullyAsync(SslStream tls)
    {
        if (stream.Failed || _aborted)
        {
            return;
        }

        await SendCloseNotifyAsync(tls);
        if (!stream.Ended)
        {
            await LingerAsync();
        }
    }

    private async Task SendCloseNotifyAsync(SslStream tls)
    {
        var goodbye = tls.ShutdownAsync();
        await goodbye.WaitAsync(CloseNotifyTimeout, context.Time, context.Forced.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        TaskObserver.Observe(goodbye, late => ListeningLog.GoodbyeFailed(context.Logger, connection.Id, late));
    }

    /// <summary>
    /// Reads and drops what the peer still sends, until it closes too. A socket that is closed with unread bytes, or that gets some
    /// later, sends a reset, and a reset may discard what the peer has not read yet, such as the reason of the close.
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
            // The peer closed, or its time is over.
        }
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
            ListeningLog.HandlerAbandoned(context.Logger, connection.Id, connection.Identity);
            await (connection.Abandoned?.Invoke() ?? Task.CompletedTask);
            TaskObserver.Observe(serving, late => ListeningLog.HandlerFailedLate(context.Logger, connection.Id, late));
        }
    }

    private async Task WaitAsync(Task serving, TimeSpan atMost, CancellationToken patience) =>
        await serving.WaitAsync(atMost, context.Time, patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private CloseReason Judge(Task serving)
    {
        var required = fate.Closing;
        if (required == CloseReason.Crashed && _rehearsal is { } rehearsal)
        {
            throw rehearsal;
        }

        if (serving.IsCompleted && !serving.IsCompletedSuccessfully)
        {
            var failure = serving.Exception?.InnerException ?? new OperationCanceledException("The handler cancelled itself.");
            if (required == CloseReason.Crashed || (required is null && !stream.Explains(failure)))
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            if (required is not null)
            {
                NoteFailureWhileEnding(failure);
            }
        }

        return fate.Settle(stream.HowItEnded);
    }

    private void NoteFailureWhileEnding(Exception failure)
    {
        if (failure is not OperationCanceledException && !stream.Explains(failure))
        {
            ListeningLog.HandlerFailedLate(context.Logger, connection.Id, failure);
        }
    }
}
