using System.Net;
using Cassini.Streams.Events;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Streams.Tls;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;

namespace Cassini.Tests.Hosting;

/// <summary>The life of a host: it starts once, stops once, and may be stopped at any moment.</summary>
public sealed class BrokerHostTests : IDisposable
{
    private const int LimitsReduced = 1900;
    private readonly TestAuthority _authority = new();
    private readonly TempDirectory _directory = new();
    private readonly RecordingLoggers _loggers = new();
    private readonly TlsOptions _tls;

    public BrokerHostTests() => _tls = _authority.Write(_directory.Path);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
        _loggers.Dispose();
    }

    [Fact]
    public async Task Stop_DuringStart_EndsTheStartAndIsNeverReady()
    {
        await using var host = Host(listener => listener with { MaxConnections = 10_000_000, MaxPending = 1_000_000 });
        var stop = Task.CompletedTask;
        _loggers.Logged = line => stop = line.Id == LimitsReduced ? host.StopAsync(Token) : stop; // The start is past its binds.

        await Should.ThrowAsync<OperationCanceledException>(host.StartAsync(Token));
        await Eventually.CompletesAsync("the stop", stop);

        Phases(host).ShouldBe([Phase.Starting, Phase.Draining, Phase.Stopped]);
        _loggers.Lines.Single(line => line.Id == LimitsReduced).Text.ShouldMatch(
            @"^The process may open [\d,]+ files, and 11,00\d,\d{3} are wanted: it accepts at most [\d,]+ open and [\d,]+ pending "
            + @"connections. Allow more with 'ulimit -n 1100\d{4}' or LimitNOFILE=1100\d{4}, or lower ");
    }

    /// <summary>Where management listens when the broker runs as a process of its own; here there is no management.</summary>
    [Fact]
    public async Task Host_OnThePortOfManagement_IsMade()
    {
        await using var host = Host(listener => listener with { Endpoints = [new(IPAddress.Loopback, 9090)] });

        host.Options.Listener.Endpoints.ShouldHaveSingleItem().Port.ShouldBe(9090);
    }

    [Fact]
    public async Task Start_AfterStop_IsRefusedAndServesNothing()
    {
        await using var host = Host();
        await host.StopAsync(Token);

        await Should.ThrowAsync<InvalidOperationException>(host.StartAsync(Token));

        host.Certificates.IsLoaded.ShouldBeFalse();
    }

    [Fact]
    public async Task Start_Twice_IsRefusedAndServesOn()
    {
        await using var host = Host();
        await host.StartAsync(Token);

        await Should.ThrowAsync<InvalidOperationException>(host.StartAsync(Token));

        Phases(host).ShouldBe([Phase.Starting, Phase.Ready]);
    }

    [Fact]
    public async Task Start_CertificatesAreUnusable_CanStillBeStopped()
    {
        await using var host = Host(tls: _tls with { CaPath = _directory.File("none.pem") });
        await Should.ThrowAsync<TlsConfigurationException>(host.StartAsync(Token));

        await Eventually.CompletesAsync("the stop", host.StopAsync(Token));

        Phases(host).ShouldBe([Phase.Starting, Phase.Draining, Phase.Stopped]);
    }

    [Fact]
    public async Task RequestStop_AfterDispose_DoesNothing()
    {
        var host = Host();
        await host.DisposeAsync();

        Should.NotThrow(host.RequestStop);
        Should.NotThrow(host.RequestStop);
        host.StopRequested.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public async Task RequestStop_WhatIsRegisteredThrows_IsLogged()
    {
        await using var host = Host();
        var failure = new InvalidOperationException("boom");
        await using var registered = host.StopRequested.Register(() => throw failure);

        host.RequestStop();

        await Eventually.HoldsAsync("it is logged", () => _loggers.Lines.Any(line => line.Exception?.GetBaseException() == failure));
    }

    private static IReadOnlyList<Phase> Phases(BrokerHost host) => HostEvents.Phases(host.Hub);

    private BrokerHost Host(Func<ListenerOptions, ListenerOptions>? change = null, TlsOptions? tls = null)
    {
        var listener = new ListenerOptions { Endpoints = [new(IPAddress.Loopback, 0)] };
        var options = new CassiniOptions { Listener = change?.Invoke(listener) ?? listener, Tls = tls ?? _tls };
        return new BrokerHost(options, TimeProvider.System, _loggers);
    }
}
