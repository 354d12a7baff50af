using System.Net;
using System.Net.Sockets;
using Cassini.Streams.Primitives;
using Cassini.Tests.Support;

namespace Cassini.Tests.Primitives;

/// <summary>Real sockets of this process, whose waits go on on the thread of sockets as in <c>cassini serve</c>.</summary>
public sealed class SocketThreadTests : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _near = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _far;

    public SocketThreadTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _near.Connect(_listener.LocalEndPoint!);
        _far = _listener.Accept();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _near.Dispose();
        _far.Dispose();
    }

    // It is known by its name, which is the runtime's own.
    [Fact]
    public async Task Receive_ThatWaited_GoesOnOnTheSocketsThread()
    {
        var waiting = ReceiveAsync();
        await _far.SendAsync(new byte[1]);

        var (isHere, isForbidden, hasLeft) = await Eventually.CompletesAsync("it has come", waiting);
        isHere.ShouldBeTrue();
        isForbidden.ShouldBeTrue("what takes long would hold up all sockets");
        hasLeft.ShouldBeTrue();
    }

    [Fact]
    public async Task Leave_OnThePool_StaysOnTheThread()
    {
        var stays = await Task.Run(async () =>
        {
            SocketThread.Forbid();
            var before = Environment.CurrentManagedThreadId;
            await SocketThread.LeaveAsync();
            return before == Environment.CurrentManagedThreadId;
        });

        stays.ShouldBeTrue();
    }

    private async Task<(bool IsHere, bool IsForbidden, bool HasLeft)> ReceiveAsync()
    {
        await _near.ReceiveAsync(new byte[1]).ConfigureAwait(false);
        var isHere = SocketThread.IsCurrent;
        var isForbidden = IsForbidden();
        await SocketThread.LeaveAsync();
        return (isHere, isForbidden, Thread.CurrentThread.IsThreadPoolThread && !SocketThread.IsCurrent);
    }

    private static bool IsForbidden()
    {
        try
        {
            SocketThread.Forbid();
            return false;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }
}
