using System.Net;
using System.Net.Sockets;
using System.Text;
using Cassini.Management.Access;
using Cassini.Management.Transport;
using Cassini.Tests.Supervision;
using Cassini.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Cassini.Tests.Management.Transport;

public class OwnThreadTransportTests
{
    private const string Livez = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>More than all that the management serves at once.</summary>
    [Fact]
    public async Task Connections_ThatAskNothing_GiveWayToProbes()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var idle = new List<Socket>();
        try
        {
            for (var i = 0; i < 2_700; i++)
            {
                idle.Add(await ConnectAsync(rig));
            }

            using var probe = await ConnectAsync(rig);

            (await AskAsync(probe, Livez)).ShouldStartWith("HTTP/1.1 200 OK\r\n");
            rig.Refusals.Counts[(int)RefusalKind.Connections].Value.ShouldBeGreaterThan(2_000);
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Probe_AsAnOrchestratorSendsIt_IsAnsweredAsKestrelDoes()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var own = await ConnectAsync(rig);
        using var kestrels = await ConnectAsync(rig);

        // A parameter without a meaning makes the request Kestrel's.
        foreach (var (bare, other) in new[]
        {
            (Livez, Livez.Replace("/livez", "/livez?")),
            (Livez.Replace("/livez", "/readyz"), Livez.Replace("/livez", "/readyz?")),
            (Livez.Replace("GET", "HEAD"), Livez.Replace("GET", "HEAD").Replace("/livez", "/livez?")),
            (Livez.Replace("localhost", "elsewhere.example"), Livez.Replace("localhost", "elsewhere.example").Replace("/livez", "/livez?")),
        })
        {
            Sorted(await AskAsync(own, bare)).ShouldBe(Sorted(await AskAsync(kestrels, other)), bare);
        }
    }

    [Theory]
    [InlineData("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n")]
    public async Task Probe_OfAConnectionThatIsNotKept_IsAnsweredAndClosed(string request)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var socket = await ConnectAsync(rig);

        var answer = await AskAsync(socket, request);

        answer.ShouldStartWith("HTTP/1.1 200 OK\r\n");
        answer.ShouldContain("Connection: close\r\n");
        (await socket.ReceiveAsync(new byte[1], Token).AsTask().Within("the end")).ShouldBe(0);
    }

    // As after a start that failed.
    [Fact]
    public async Task Probe_ApplicationIsDisposedOf_IsLeftToKestrelWithoutALine()
    {
        using var log = new RecordingLoggers();
        var services = new ServiceCollection().BuildServiceProvider();
        await services.DisposeAsync();
        var transport = new OwnThreadTransport(
            services, new TransportLimits { LongestWait = TimeSpan.FromMinutes(1) }, new CallerPlaces(null), new Refusals(),
            TimeProvider.System, log)
        {
            Application = context =>
            {
                context.RequestServices.GetService<IServiceScopeFactory>();
                return Task.CompletedTask;
            },
        };
        await using var listener = await transport.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), Token);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.EndPoint, Token);
        await socket.SendAsync(Encoding.ASCII.GetBytes(Livez), Token);

        await using var passed = await listener.AcceptAsync(Token).AsTask().Within("it is Kestrel's");

        passed.ShouldNotBeNull();
        log.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Connection_ThatAsksAProbeAndThenSomethingElse_GetsBoth()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var socket = await ConnectAsync(rig);

        (await AskAsync(socket, Livez)).ShouldEndWith("\r\n\r\nok");
        (await AskAsync(socket, Livez.Replace("/livez", "/topics"))).ShouldStartWith("HTTP/1.1 200 OK\r\n");
        (await AskAsync(socket, Livez)).ShouldEndWith("\r\n\r\nok");
    }

    [Fact]
    public async Task Request_InPieces_IsAnswered()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var socket = await ConnectAsync(rig);
        await socket.SendAsync(Encoding.ASCII.GetBytes(Livez[..20]), Token);

        (await AskAsync(socket, Livez[20..])).ShouldEndWith("\r\n\r\nok");
    }

    [Fact]
    public async Task Stop_WithIdleConnections_ClosesThemAndFreesTheAddress()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var socket = await ConnectAsync(rig);
        (await AskAsync(socket, Livez)).ShouldEndWith("ok");

        await rig.StopAsync();

        (await socket.ReceiveAsync(new byte[1], Token).AsTask().Within("the end")).ShouldBe(0);
        using var again = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        again.Bind(new IPEndPoint(IPAddress.Loopback, rig.Address.Port));
    }

    private static async Task<Socket> ConnectAsync(ManagementRig rig)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, rig.Address.Port, Token).AsTask().Within("a connection");
        return socket;
    }

    private static async Task<string> AskAsync(Socket socket, string request)
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), Token);
        var buffer = new byte[65_536];
        var length = await socket.ReceiveAsync(buffer, Token).AsTask().Within("an answer");
        return Encoding.ASCII.GetString(buffer, 0, length);
    }

    /// <summary>The order of headers means nothing, and the date is a second's.</summary>
    private static string[] Sorted(string answer) =>
        [.. answer.Split("\r\n").Where(line => !line.StartsWith("Date:", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
