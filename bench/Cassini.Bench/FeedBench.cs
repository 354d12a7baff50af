using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cassini.Bench;

/// <summary>A thousand subscribers of /events beside a raw Kestrel endpoint that writes the same bytes at the same rate.</summary>
internal static class FeedBench
{
    private const int Subscribers = 1_000;

    // The first subscribers pay for code that is compiled and buffers that are shared; memory is counted from here on.
    private const int WarmUp = 100;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);

    public static async Task RunAsync()
    {
        using var client = new HttpClient();
        for (var round = 0; round < 3; round++)
        {
            byte[] frame;
            (double Cpu, double Memory, double Spread, double Rate) ours, peers;
            using (var cassini = Child.Cassini(
                "Probing:HeartbeatInterval=50ms", "Probing:AcceptProbeInterval=2500ms", "Management:MaxFeeds=2000"))
            {
                await cassini.UntilReadyAsync(client);
                frame = await FrameAsync(client, cassini);
                ours = await OneAsync(cassini);
            }

            using (var bare = Child.Bare(frame))
            {
                await bare.UntilReadyAsync(client);
                peers = await OneAsync(bare);
            }

            Report("cassini", ours);
            Report("raw Kestrel", peers);
            Measure.Line(
                $"ratio: CPU {ours.Cpu / peers.Cpu:0.00}, memory {ours.Memory / peers.Memory:0.00}, ",
                $"spread {ours.Spread / peers.Spread:0.00}");
        }
    }

    private static void Report(string name, (double Cpu, double Memory, double Spread, double Rate) result) => Measure.Line(
        $"{name,-12} {result.Cpu:0.0} µs CPU per delivered event, {result.Memory:0.0} KiB per subscriber, ",
        $"first to last {result.Spread:0.0} ms (median), {result.Rate:N0} deliveries/s");

    private static async Task<byte[]> FrameAsync(HttpClient client, Child cassini)
    {
        using var stream = new StreamReader(await client.GetStreamAsync(new Uri(cassini.Base, "/events?types=probing")));
        var frames = new StringBuilder();
        for (var blank = 0; blank < 2;)
        {
            var line = await stream.ReadLineAsync();
            blank += line!.Length == 0 ? 1 : 0;
            if (blank == 1 && line.Length > 0)
            {
                frames.Append(line).Append('\n');
            }
        }

        return Encoding.UTF8.GetBytes(frames.Append('\n').ToString());
    }

    private static async Task<(double Cpu, double Memory, double Spread, double Rate)> OneAsync(Child server)
    {
        var before = 0.0;
        var arrivals = Enumerable.Range(0, Subscribers).Select(_ => new List<long>(2_000)).ToArray();
        var sockets = new List<Socket>();
        var readers = new List<Task>();
        foreach (var list in arrivals)
        {
            if (sockets.Count == WarmUp)
            {
                await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
                before = server.ResidentKiB;
            }

            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port));
            await socket.SendAsync("GET /events?types=probing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"u8.ToArray());
            sockets.Add(socket);
            readers.Add(ReadAsync(socket, list));
        }

        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        foreach (var list in arrivals)
        {
            lock (list)
            {
                list.Clear();
            }
        }

        var (cpu, start) = (server.CpuSeconds, TimeProvider.System.GetTimestamp());
        await Task.Delay(Duration, TimeProvider.System);
        var used = server.CpuSeconds - cpu;
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        long delivered = 0;
        foreach (var list in arrivals)
        {
            lock (list)
            {
                delivered += list.Count;
            }
        }

        var memory = (server.ResidentKiB - before) / (Subscribers - WarmUp);
        var spread = Spread(arrivals);
        sockets.ForEach(socket => socket.Dispose());
        await Task.WhenAll(readers);
        return (used * 1e6 / delivered, memory, spread, delivered / elapsed.TotalSeconds);
    }

    /// <summary>Groups arrivals into events by time: events are 50 ms apart, a group ends after 10 ms of silence.</summary>
    private static double Spread(List<long>[] arrivals)
    {
        var all = arrivals.SelectMany(list => list.ToArray()).Order().ToArray();
        var spreads = new List<double>();
        var first = 0;
        for (var i = 1; i <= all.Length; i++)
        {
            if (i == all.Length || TimeProvider.System.GetElapsedTime(all[i - 1], all[i]).TotalMilliseconds > 10)
            {
                if (i - first >= Subscribers * 9 / 10)
                {
                    spreads.Add(TimeProvider.System.GetElapsedTime(all[first], all[i - 1]).TotalMilliseconds);
                }

                first = i;
            }
        }

        return Measure.Median(spreads);
    }

    private static async Task ReadAsync(Socket socket, List<long> arrivals)
    {
        var buffer = new byte[8_192];
        try
        {
            while (await socket.ReceiveAsync(buffer) is > 0 and var count)
            {
                var now = TimeProvider.System.GetTimestamp();
                var ends = buffer.AsSpan(0, count).Count("\n\n"u8);
                lock (arrivals)
                {
                    for (var i = 0; i < ends; i++)
                    {
                        arrivals.Add(now);
                    }
                }
            }
        }
        catch (SocketException)
        {
            // Closed by the bench.
        }
        catch (ObjectDisposedException)
        {
            // Closed by the bench.
        }
    }
}
