using System.Net;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.Probes;

namespace Cassini.Tests.Listening;

public class ProbeRegistryTests
{
    private static readonly EndpointAddress Endpoint = ListeningRig.AnyPort;
    private readonly ProbeRegistry _registry = new();

    [Fact]
    public void TryTake_Announced_IsGoodOnce()
    {
        var ticket = Announce(1);

        _registry.TryTake(Endpoint, Source(2), out _).ShouldBeFalse();
        _registry.TryTake(Endpoint, Source(1), out var taken).ShouldBeTrue();
        taken.ShouldBeSameAs(ticket);
        _registry.TryTake(Endpoint, Source(1), out _).ShouldBeFalse();
    }

    [Fact]
    public void Dispose_NeverConnected_ForgetsThePort()
    {
        Announce(1, connected: false).Dispose();

        _registry.TryTake(Endpoint, Source(1), out _).ShouldBeFalse();
    }

    [Fact]
    public void Dispose_StillInTheBacklog_IsRecognisedLater()
    {
        Announce(1).Dispose();

        _registry.TryTake(Endpoint, Source(1), out var late).ShouldBeTrue();
        late.IsLate.ShouldBeTrue();
        _registry.TryTake(Endpoint, Source(1), out _).ShouldBeFalse();
    }

    [Fact]
    public void ForgetLate_EndpointClosed_ForgetsItsLateProbesAlone()
    {
        var other = new EndpointAddress(IPAddress.Loopback, 2);
        Announce(1).Dispose();
        Announce(2, endpoint: other).Dispose();
        Announce(3);

        _registry.ForgetLate(ListeningRig.AnyPort);

        _registry.TryTake(Endpoint, Source(1), out _).ShouldBeFalse();
        _registry.TryTake(Endpoint, Source(2), out _).ShouldBeFalse("the port was announced for another endpoint");
        _registry.TryTake(other, Source(2), out _).ShouldBeTrue();
        _registry.TryTake(Endpoint, Source(3), out _).ShouldBeTrue();
    }

    [Fact]
    public void Late_TooMany_ForgetsTheOldest()
    {
        for (var port = 1; port <= ProbeRegistry.MaxLate + 1; port++)
        {
            Announce(port).Dispose();
        }

        _registry.TryTake(Endpoint, Source(1), out _).ShouldBeFalse();
        _registry.TryTake(Endpoint, Source(2), out _).ShouldBeTrue();
    }

    private static IPEndPoint Source(int port) => new(IPAddress.Loopback, port);

    private ProbeTicket Announce(int port, bool connected = true, EndpointAddress? endpoint = null)
    {
        var ticket = _registry.Announce(endpoint ?? ListeningRig.AnyPort, Source(port), ProbeKind.Accept);
        ticket.MayBeConnected = connected;
        return ticket;
    }
}
