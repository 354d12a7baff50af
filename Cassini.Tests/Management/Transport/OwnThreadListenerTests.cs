using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Cassini.Management.Access;
using Cassini.Management.Transport;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management.Transport;

/// <summary>One address of the management, with its thread, without an application.</summary>
public sealed class OwnThreadListenerTests : IAsyncDisposable
{
    private static readonly byte[] Livez = Encoding.ASCII.GetBytes("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");

    private readonly OwnThreadListener _listener;
    private Func<BareRequest, IPEndPoint, byte[]?> _answer = (_, _) => null;
    private int _asked;

    public OwnThreadListenerTests()
    {
        // What is sent and not read fills these soon. An accepted socket has the size of the listening one.
        var listening = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { SendBufferSize = 4_096 };
        listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Listen();
        var contexts = new SocketConnectionContextFactory(new SocketConnectionFactoryOptions(), NullLogger.Instance);
        _listener = new OwnThreadListener(
            listening,
            new WaitingConnections(10, TimeSpan.FromMinutes(1), new CallerPlaces(null), TimeProvider.System),
            new HandOver(contexts, 10),
            (request, remote) =>
            {
                Interlocked.Increment(ref _asked);
                return _answer(request, remote);
            },
            () => { },
            NullLogger.Instance);
    }

    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    // An answer that is lost would be waited for.
    [Fact]
    public async Task Send_PeerReadsNothing_ClosesItsConnection()
    {
        _answer = (_, _) => new byte[1_000];
        using var client = Connect();
        var isClosed = false;
        for (var i = 1; i <= 1_000 && !isClosed; i++)
        {
            try
            {
                client.Send(Livez);
                await Eventually.HoldsAsync(
                    $"request {i} is answered, or the connection is closed",
                    () => Volatile.Read(ref _asked) >= i || (isClosed = HasError(client)));
            }
            catch (SocketException)
            {
                isClosed = true;
            }
        }

        isClosed.ShouldBeTrue();
    }

    // One that is not answered here comes to Kestrel from its first byte.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_ThatTheApplicationDoesNotAnswerAtOnce_ComesToKestrelWhole(bool hasBegun)
    {
        _answer = (request, remote) => hasBegun
            ? BareAnswer.To(request, _ => new TaskCompletionSource().Task, new NoServices(), remote, DateTimeOffset.UnixEpoch)
            : null;
        using var client = Connect();
        client.Send(Livez);

        var passed = await Eventually.CompletesAsync("it is passed on", _listener.AcceptAsync().AsTask());

        var input = passed.ShouldNotBeNull().Transport.Input;
        var read = await Eventually.CompletesAsync("its bytes", input.ReadAtLeastAsync(Livez.Length).AsTask());
        read.Buffer.ToArray().ShouldBe(Livez);
        Volatile.Read(ref _asked).ShouldBe(1);
        input.AdvanceTo(read.Buffer.End);
        await passed.DisposeAsync();
    }

    private static bool HasError(Socket socket) =>
        socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is not 0;

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveBufferSize = 4_096,
        };
        socket.Connect(_listener.EndPoint);
        return socket;
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
