using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Channels;

namespace Cassini.Bench;

/// <summary>From injecting a fault to its transition on an open feed: 100 crashes of connections and 100 bind failures.</summary>
internal static class FaultBench
{
    private const int Each = 100;

    public static async Task RunAsync()
    {
        using var client = new HttpClient();
        using var cassini = Child.Cassini(
            "--enable-faults", "Health:Hold=50ms", "Health:CrashLimit=10000",
            "Listener:QuarantineAfter=0", "Listener:MaxBindRetryDelay=250ms",
            "Health:FlappingTransitions=1000");
        await cassini.UntilReadyAsync(client);
        var transitions = Channel.CreateUnbounded<(string Check, string To, string? Reason, long At)>();
        using var feed = await client.GetStreamAsync(new Uri(cassini.Base, "/events?types=health"));
        var reading = ReadAsync(feed, transitions.Writer);

        var crashes = new List<double>();
        for (var i = 0; i < Each; i++)
        {
            await using var connection = await ConnectAsync(client, cassini);
            var start = TimeProvider.System.GetTimestamp();
            await cassini.PostAsync(client, "/faults/crash-session");
            crashes.Add(await UntilAsync(transitions.Reader, start, seen => seen is { Check: "supervision", To: "error" }));
            await UntilAsync(transitions.Reader, start, seen => seen is { Check: "supervision", To: "degraded" });
        }

        var binds = new List<double>();
        for (var i = 0; i < Each; i++)
        {
            await cassini.PostAsync(client, "/faults/close-endpoint");
            await UntilAsync(transitions.Reader, 0, seen => seen is { Check: "bind", To: "error" });
            using (var squatter = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
            {
                squatter.Bind(new IPEndPoint(IPAddress.Loopback, cassini.BrokerPort));
                squatter.Listen();
                var start = TimeProvider.System.GetTimestamp();
                await cassini.PostAsync(client, "/faults/resume");
                binds.Add(await UntilAsync(transitions.Reader, start, seen => seen is { Check: "bind", Reason: "BindFailed" }));
            }

            await UntilAsync(transitions.Reader, 0, seen => seen is { Check: "bind", To: "ok" });
        }

        Report("connection crash", crashes);
        Report("bind failure", binds);
        Report("both", [.. crashes, .. binds]);
        GC.KeepAlive(reading);
    }

    private static void Report(string name, List<double> times) => Measure.Line(
        $"{name,-14} {times.Count} faults: median {Measure.Median(times):0.0} ms, ",
        $"p99 {Measure.Percentile(times, 0.99):0.0} ms, worst {times.Max():0.0} ms");

    private static async Task<double> UntilAsync(
        ChannelReader<(string Check, string To, string? Reason, long At)> transitions,
        long start,
        Func<(string Check, string To, string? Reason, long At), bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (true)
        {
            var seen = await transitions.ReadAsync(limit.Token);
            if (condition(seen))
            {
                return TimeProvider.System.GetElapsedTime(start, seen.At).TotalMilliseconds;
            }
        }
    }

    private static async Task ReadAsync(Stream feed, ChannelWriter<(string Check, string To, string? Reason, long At)> transitions)
    {
        using var reader = new StreamReader(feed);
        var isTransition = false;
        try
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal))
                {
                    isTransition = line == "event: transition";
                }
                else if (isTransition && line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    var at = TimeProvider.System.GetTimestamp();
                    using var json = JsonDocument.Parse(line[6..]);
                    var change = json.RootElement.GetProperty("event");
                    string? Field(string name) => change.GetProperty(name).GetString();
                    transitions.TryWrite((Field("check")!, Field("to")!, Field("reason"), at));
                }
            }
        }
        catch (IOException)
        {
            // The server is stopped at the end.
        }
    }

    private static async Task<SslStream> ConnectAsync(HttpClient client, Child cassini)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, cassini.BrokerPort));
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true), false, (_, _, _, _) => true);
        var certificate = X509Certificate2.CreateFromPemFile(
            Path.Combine(cassini.Certificates, "client.pem"), Path.Combine(cassini.Certificates, "client.key"));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
        });
        while ((await client.GetStringAsync(new Uri(cassini.Base, "/connections"))).Contains("\"open\"", StringComparison.Ordinal) is false)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }

        return stream;
    }
}
