using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Cassini.Management.Transport;

/// <summary>Passes sockets to Kestrel. Thread-safe.</summary>
/// <param name="contexts">Makes Kestrel's connections of sockets.</param>
/// <param name="most">How many may be on their way.</param>
internal sealed class HandOver(SocketConnectionContextFactory contexts, int most) : IDisposable
{
    private readonly Channel<ConnectionContext> _passed = Channel.CreateBounded<ConnectionContext>(
        new BoundedChannelOptions(most) { SingleReader = true, SingleWriter = true });

    /// <summary>Passes one on, or closes it when too many are on their way.</summary>
    /// <returns>Whether it was passed on.</returns>
    public bool Pass(Socket socket)
    {
        ConnectionContext context;
        try
        {
            context = contexts.Create(socket);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            socket.Dispose();
            return true; // the peer is gone
        }

        if (_passed.Writer.TryWrite(context))
        {
            return true;
        }

        context.Abort(new ConnectionAbortedException("Too many connections wait to be served."));
        _ = context.DisposeAsync();
        return false;
    }

    /// <summary>The next one; null when there are no more.</summary>
    public async ValueTask<ConnectionContext?> TakeAsync(CancellationToken cancellationToken) =>
        await _passed.Reader.WaitToReadAsync(cancellationToken) && _passed.Reader.TryRead(out var context) ? context : null;

    /// <summary>No more come.</summary>
    public void Complete() => _passed.Writer.TryComplete();

    /// <summary>Closes those that were not taken.</summary>
    public void Dispose()
    {
        Complete();
        while (_passed.Reader.TryRead(out var context))
        {
            context.Abort(new ConnectionAbortedException("The management stops."));
            _ = context.DisposeAsync();
        }
    }
}
