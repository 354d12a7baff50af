using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Quotas;
using Cassini.Streams.Supervision;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Files;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Listening;

public class EndpointOrdersTests
{
    [Fact]
    public async Task Order_WhatIsRegisteredOnTheOldOrdersThrows_IsLogged()
    {
        var log = new RecordingLoggers();
        var endpoint = new ListeningEndpoint(ListeningRig.AnyPort, Context(log));
        await using var registration = endpoint.Orders.Changed.Register(() => throw new InvalidOperationException("a bug"));

        endpoint.Order(_ => new EndpointOrders(LoopMode.Stall));

        await Eventually.HoldsAsync("the failure is logged", () => !log.Lines.IsEmpty);
        log.Lines.ShouldHaveSingleItem().Exception.ShouldNotBeNull().GetBaseException().Message.ShouldBe("a bug");
        endpoint.Orders.Mode.ShouldBe(LoopMode.Stall);
    }

    private static ListeningContext Context(RecordingLoggers log)
    {
        var events = new RecordingPublisher();
        var options = new ListenerOptions { Endpoints = [ListeningRig.AnyPort] };
        var tls = new TlsOptions { CaPath = "", ServerChainPath = "", ServerKeyPath = "" };
        var store = new CertificateStore(tls, events, TimeProvider.System, NullLogger<CertificateStore>.Instance);
        var supervisor = new Supervisor(RestartPolicy.Default, events, TimeProvider.System, NullLogger.Instance);
        return new ListeningContext(
            options, store, new AccountTable(new QuotaOptions()), new DiscardHandler(), supervisor, events, TimeProvider.System, log);
    }
}
