using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;

namespace Cassini.Bench;

/// <summary>
/// From the broker's turning ready, by the time of that transition, to the clients that wait for it: the feed's client beside loops that
/// ask every 50 ms, all against the same starts. And what ten waiting controllers cost a broker.
/// </summary>
internal static class WaitBench
{
    private const int Starts = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static async Task RunAsync()
    {
        var directory = Directory.CreateTempSubdirectory("cassini-bench-").FullName;
        using (var first = Child.CassiniIn(directory))
        {
            using var client = new HttpClient();
            await first.UntilReadyAsync(client);
        }

        var (feed, probe, handshake) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < Starts; i++)
        {
            using var cassini = Child.CassiniIn(directory);
            using var following = new HealthFeed(cassini.Base);
            var waits = new[] { WaitAsync(following), PollProbeAsync(cassini), PollHandshakeAsync(cassini) };
            var returned = await Task.WhenAll(waits);
            var ready = await ReadyAtAsync(cassini);
            feed.Add((returned[0] - ready).TotalMilliseconds);
            probe.Add((returned[1] - ready).TotalMilliseconds);
            handshake.Add((returned[2] - ready).TotalMilliseconds);
        }

        Report("HealthFeed.WaitUntilReadyAsync", feed);
        Report("GET /readyz every 50 ms", probe);
        Report("TLS handshake every 50 ms", handshake);
        Measure.Line($"handshakes that called it ready before it was: {handshake.Count(late => late < 0)} of {Starts}");
        await LoadAsync(directory, 0);
        await LoadAsync(directory, 10);
        Directory.Delete(directory, recursive: true);
    }

    private static void Report(string name, List<double> times) => Measure.Line(
        $"{name,-32} {times.Count} starts: median {Measure.Median(times):0.0} ms, ",
        $"p99 {Measure.Percentile(times, 0.99):0.0} ms, worst {times.Max():0.0} ms after ready");

    private static async Task<DateTimeOffset> WaitAsync(HealthFeed feed)
    {
        await feed.WaitUntilReadyAsync(TimeSpan.FromSeconds(60));
        return TimeProvider.System.GetUtcNow();
    }

    private static Task<DateTimeOffset> PollProbeAsync(Child cassini)
    {
        var client = new HttpClient();
        return PollAsync(async () =>
        {
            using var answer = await client.GetAsync(new Uri(cassini.Base, "/readyz"));
            return answer.StatusCode == HttpStatusCode.OK;
        });
    }

    private static Task<DateTimeOffset> PollHandshakeAsync(Child cassini)
    {
        var certificate = X509Certificate2.CreateFromPemFile(
            Path.Combine(cassini.Certificates, "client.pem"), Path.Combine(cassini.Certificates, "client.key"));
        var context = SslStreamCertificateContext.Create(certificate, null, offline: true);
        return PollAsync(async () =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, cassini.BrokerPort));
            await using var stream = new SslStream(new NetworkStream(socket), false, (_, _, _, _) => true);
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = "localhost", ClientCertificateContext = context });
            return true;
        });
    }

    private static async Task<DateTimeOffset> PollAsync(Func<Task<bool>> ask)
    {
        while (true)
        {
            try
            {
                if (await ask())
                {
                    return TimeProvider.System.GetUtcNow();
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or SocketException or IOException or AuthenticationException)
            {
                // Not there yet.
            }

            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    /// <summary>When the transition happened that made it ready, by the broker's own record.</summary>
    private static async Task<DateTimeOffset> ReadyAtAsync(Child cassini)
    {
        using var probe = new HealthFeed(cassini.Base);
        var health = await probe.WaitUntilReadyAsync(TimeSpan.FromSeconds(10));
        var found = new TaskCompletionSource<DateTimeOffset>(TaskCreationOptions.RunContinuationsAsynchronously);
        Epoch.TryParse(health.Epoch, out var epoch);
        using var replay = new HealthFeed(cassini.Base, new HealthFeedOptions { After = new EventId(epoch, 0) });
        using var subscription = replay.Notes.Subscribe(
            note =>
            {
                if (note is FeedEvent { Envelope: { Event: HealthChanged { Ready: true } } envelope })
                {
                    found.TrySetResult(envelope.Time);
                }
            },
            failure => found.TrySetException(failure));
        return await found.Task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    /// <summary>The broker's processor time while controllers wait on a broker that is not ready.</summary>
    private static async Task LoadAsync(string directory, int controllers)
    {
        using var cassini = Child.CassiniIn(directory);
        using var client = new HttpClient();
        await cassini.UntilReadyAsync(client);
        var feeds = Enumerable.Range(0, controllers).Select(_ => new HealthFeed(cassini.Base)).ToList();
        var waits = feeds.Select(feed => feed.WaitForAsync(static _ => false, Timeout.InfiniteTimeSpan)).ToList();
        await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System);
        var (cpu, began) = (cassini.CpuSeconds, TimeProvider.System.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(20), TimeProvider.System);
        var part = (cassini.CpuSeconds - cpu) / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        Measure.Line($"{controllers} controllers waiting: {part:P2} of a core, {cassini.ResidentKiB / 1024:0} MiB resident");
        feeds.ForEach(feed => feed.Dispose());
        GC.KeepAlive(waits);
    }
}
