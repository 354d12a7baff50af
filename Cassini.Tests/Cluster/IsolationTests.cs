using System.Net;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Cluster;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Tests.Cli;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Cluster;

/// <summary>Whole brokers with their managements, each on a NATS server of its own, which is killed.</summary>
public sealed class IsolationTests : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly List<WebApplication> _managements = [];
    private readonly HttpClient _http = new();

    public async ValueTask DisposeAsync()
    {
        foreach (var management in _managements)
        {
            await management.StopAsync(CancellationToken.None);
            await management.DisposeAsync();
        }

        _http.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Node_WhoseServerIsKilled_IsIsolated_AndWhenAllAreKilledItServes()
    {
        await using var fleet = await Fleet.StartAsync(0, servers: 2);
        var (first, firstAddress) = await AddAsync(fleet, 0);
        var (second, secondAddress) = await AddAsync(fleet, 1);
        await fleet.IsWholeAsync();
        await KnowsAddressAsync(first, "n2", secondAddress);

        await fleet.Nats.KillAsync(0);

        await BecomesAsync(first, Reasons.Isolated, isReady: false);
        await AnswersAsync(firstAddress, HttpStatusCode.ServiceUnavailable);
        await AnswersAsync(secondAddress, HttpStatusCode.OK);
        var seen = first.Mqtt.Fleet!.Current;
        seen.Connected.ShouldBe(false);
        seen.Nodes.Single(node => node.Node == "n2").Heard.Feed.ShouldNotBeNull();

        await fleet.Nats.KillAsync(1);

        await BecomesAsync(first, Reasons.EngineLost, isReady: true);
        await BecomesAsync(second, Reasons.EngineLost, isReady: true);
        await AnswersAsync(firstAddress, HttpStatusCode.OK);
        await AnswersAsync(secondAddress, HttpStatusCode.OK);

        await fleet.Nats.StartAsync(0);
        await fleet.Nats.StartAsync(1);
        await BecomesAsync(first, null, isReady: true);
        await BecomesAsync(second, null, isReady: true);
        second.Events().Select(envelope => envelope.Event).OfType<HealthChanged>()
            .ShouldNotContain(change => change.Reason == Reasons.Isolated);
    }

    [Fact]
    public async Task Addresses_OutliveARestart()
    {
        await using (var fleet = await Fleet.StartAsync(0, servers: 2))
        {
            var (first, _) = await AddAsync(fleet, 0, options => options with { Directory = _directory.Path });
            var (_, address) = await AddAsync(fleet, 1);
            await KnowsAddressAsync(first, "n2", address);
        }

        await using var later = await Fleet.StartAsync(1, options => options with { Directory = _directory.Path });
        later.Nodes[0].Mqtt.Fleet!.State.Addresses.Keys.ShouldBe(["n2"]);
    }

    /// <summary>A node on one of the servers, with its management.</summary>
    private async Task<(RunningBroker Node, Uri Management)> AddAsync(
        Fleet fleet, int server, Func<ClusterOptions, ClusterOptions>? change = null)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Find()}/");
        var node = await fleet.AddAsync($"n{server + 1}", change: options => (change?.Invoke(options) ?? options) with
        {
            Servers = [fleet.Nats.Addresses[server]],
            Management = address.ToString(),
            SuspectAfter = TimeSpan.FromSeconds(2.5),
            IsolationGrace = TimeSpan.FromSeconds(1),
        });
        var management = ManagementApp.Create(
            ManagedBroker.Of(node.Mqtt), new ManagementOptions { Address = address.Authority }, NullLoggerFactory.Instance,
            TimeProvider.System);
        await management.StartAsync(TestContext.Current.CancellationToken);
        _managements.Add(management);
        return (node, address);
    }

    private Task AnswersAsync(Uri management, HttpStatusCode expected) => Eventually.BecomesAsync(
        $"/readyz of {management}",
        async () =>
        {
            using var answer = await _http.GetAsync(new Uri(management, "readyz"), TestContext.Current.CancellationToken);
            return answer.StatusCode;
        },
        status => status == expected);

    private static Task KnowsAddressAsync(RunningBroker node, string peer, Uri address) => Eventually.HoldsAsync(
        $"the address of {peer} is known",
        () => node.Mqtt.Fleet!.State.Addresses.GetValueOrDefault(peer)?.Management == address.ToString());

    private static Task BecomesAsync(RunningBroker node, string? reason, bool isReady) => node.BecomesAsync(
        $"{node.Mqtt.Fleet!.State.Self.Node} is {reason ?? "ok"}",
        snapshot => snapshot.Ready == isReady && snapshot.Checks.Single(check => check.Name == CheckNames.Cluster).Reason == reason);
}
