using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Listening;

internal sealed partial class ListenerManager
{
    private static readonly TimeSpan LoopStopTimeout = TimeSpan.FromSeconds(5);

    private async Task StopOnceAsync()
    {
        // A part that fails is the caller's to know, and keeps none of the parts after it from ending.
        try
        {
            await CloseConnectionsAsync(CancellationToken.None);
        }
        finally
        {
            await StopServingAsync();
        }
    }

    private async Task StopServingAsync()
    {
        try
        {
            await StopManagerAsync();

            // Connections that the manager began to serve while it did not answer, or that a failed stop left open.
            await EndConnectionsAsync();
        }
        finally
        {
            _context.Gate.Dispose();
        }
    }

    private Task StopAcceptingAsync(ListenerCloseReason reason)
    {
        lock (_lock)
        {
            var loops = _loops;
            return _acceptingStopped ??= Task.Run(() => StopAcceptingOnceAsync(loops, reason), CancellationToken.None);
        }
    }

    private async Task StopAcceptingOnceAsync(ImmutableArray<Task> loops, ListenerCloseReason reason)
    {
        try
        {
            await _stopAccepting.CancelAsync();
        }
        finally
        {
            await Task.WhenAll(_endpoints.Select((endpoint, index) =>
                CloseAfterAsync(loops.IsEmpty ? Task.CompletedTask : loops[index], endpoint, reason)));
        }
    }

    /// <summary>
    /// Closes the endpoint when its loop has ended, because until then the loop may use the socket. It waits only so long: a loop that
    /// wakes later closes what it accepts.
    /// </summary>
    private async Task CloseAfterAsync(Task loop, ListeningEndpoint endpoint, ListenerCloseReason reason)
    {
        await WaitAsync(loop, $"the accept loop of {endpoint.Address}");
        try
        {
            endpoint.Close(reason);
        }
        finally
        {
            DropInHand(endpoint);
        }
    }

    /// <summary>Waits until the manager serves every connection that was accepted: it handles its mailbox in order.</summary>
    private async Task SettleAsync()
    {
        if (!_manager.IsCompleted)
        {
            using var patience = new CancellationTokenSource(LoopStopTimeout, _context.Time);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _context.Forced.Token);
            Task answered = PingAsync(end.Token);
            await answered.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task EndConnectionsAsync()
    {
        await _context.Stopping.CancelAsync();
        var connections = _context.Connections.All.ToList();
        foreach (var connection in connections)
        {
            connection.Shutdown();
        }

        // Each ends in a bounded time: after its close time-out it loses its socket, and soon after that its handler is abandoned.
        await Task.WhenAll(connections.Select(connection => connection.Completion));
    }

    private static void DropInHand(ListeningEndpoint endpoint)
    {
        endpoint.Accepted?.Socket.Dispose();
        endpoint.Accepted = null;
        if (endpoint.InHand is { } inHand)
        {
            Drop(inHand);
            endpoint.InHand = null;
        }
    }

    private async Task StopManagerAsync()
    {
        _mailbox.Writer.TryComplete();
        try
        {
            await _stopManager.CancelAsync();
        }
        finally
        {
            await WaitAsync(_manager, "the listener manager");
            DropMailbox();
        }
    }

    private void DropMailbox()
    {
        while (_mailbox.Reader.TryRead(out var message))
        {
            switch (message)
            {
                case ManagerMessage.Accepted accepted:
                    Drop(accepted.Connection);
                    break;
                case ManagerMessage.Ping ping:
                    ping.Answer.TrySetCanceled();
                    break;
                default:
                    break; // a rehearsed crash has no effect any more
            }
        }
    }

    private async Task WaitAsync(Task task, string what)
    {
        await task.WaitAsync(LoopStopTimeout, _context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!task.IsCompleted)
        {
            ListeningLog.StopTimedOut(_context.Logger, what, LoopStopTimeout);
        }

        TaskObserver.Observe(task, failure => ListeningLog.EndedWithFailure(_context.Logger, what, failure));
    }

    /// <summary>Closes a connection that the manager never saw: no event about it was published, and none is needed.</summary>
    private static void Drop(AcceptedSocket accepted)
    {
        accepted.Canary?.Refuse(HandshakeFailure.Shutdown);
        accepted.Socket.Dispose();
    }
}
