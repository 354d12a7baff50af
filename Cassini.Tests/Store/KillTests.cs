using System.Globalization;
using System.Net;
using System.Text.Json;
using Cassini.Load;
using Cassini.Load.Kills;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store;

/// <summary>
/// The real executable is killed while messages are acknowledged, again and again: none of them may be lost. <c>bench/kills.sh</c> does the
/// same to other brokers.
/// </summary>
[StartsExecutable]
public sealed class KillTests : IDisposable
{
    /// <summary>CASSINI_KILLS asks for more.</summary>
    private static readonly int Kills =
        int.Parse(Environment.GetEnvironmentVariable("CASSINI_KILLS") ?? "6", CultureInfo.InvariantCulture);

    private static readonly string[] Arguments =
    [
        "--bind", "127.0.0.1:0", "--management", "127.0.0.1:0", "--set", "Store:Level=Flush", "--set", "Store:CompactBytes=1048576",
    ];

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Serve_KilledUnderLoad_LosesNothingAcknowledged()
    {
        // The first start makes the certificates.
        await using (await StartAsync())
        {
        }

        var options = new LoadOptions { Kills = Kills, Version5 = true, Patience = Eventually.Deadline };
        var tls = new ClientTls(Path.Combine(_directory.Path, "cassini", "dev-certs"));

        var tally = await new KillRun(options, tls, StartAsync).RunAsync();

        tally.ShouldBe(
            new KillTally(tally.Acknowledged, Lost: 0, Twice: 0, OutOfOrder: 0, SessionsLost: 0), $"seed {options.Seed}");
        tally.Acknowledged.ShouldBeGreaterThan(Kills);
    }

    private async Task<IBrokerToKill> StartAsync()
    {
        var cassini = CassiniProcess.Start(_directory.Path, Arguments);
        try
        {
            return new Victim(cassini, await PortAsync(cassini));
        }
        catch
        {
            await cassini.DisposeAsync();
            throw;
        }
    }

    private static async Task<int> PortAsync(ChildProcess cassini)
    {
        using var http = new HttpClient { BaseAddress = new Uri(await cassini.ManagementAsync()) };
        using var ready = await http.GetAsync("/readyz?wait=60s", TestContext.Current.CancellationToken);
        ready.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var health = JsonDocument.Parse(await http.GetStringAsync("/healthz", TestContext.Current.CancellationToken));
        return IPEndPoint.Parse(health.RootElement.GetProperty("endpoints")[0].GetProperty("address").GetString()!).Port;
    }

    private sealed class Victim(ChildProcess cassini, int port) : IBrokerToKill
    {
        private const int KillSignal = 9;

        public int Port => port;

        public void Kill() => cassini.Signal(KillSignal);

        public ValueTask DisposeAsync() => cassini.DisposeAsync();
    }
}
