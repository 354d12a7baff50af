using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Hosting;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Development;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Fuzz;

/// <summary>
/// Holds conversations with a real broker over mutual TLS: a valid CONNECT as one of a few clients (so that they take over each
/// other's sessions), then valid and damaged packets, then an end of one kind or another. Between them an honest client checks that
/// the broker still serves. What must never happen: a crash of anything, an honest client that is not served, a connection that stays.
/// </summary>
internal sealed class BrokerFuzz
{
    private const int Talkers = 8;
    private const int HonestEvery = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly FuzzOptions _options;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private readonly CancellationTokenSource _stop = new();
    private long _number;
    private long _packets;
    private long _honest;
    private string? _fault;

    private BrokerFuzz(FuzzOptions options)
    {
        _options = options;
        _number = options.From;
    }

    /// <returns>0 when every promise was kept, else 1.</returns>
    public static async Task<int> RunAsync(FuzzOptions options)
    {
        var directory = Directory.CreateTempSubdirectory("cassini-fuzz");
        try
        {
            return await new BrokerFuzz(options).RunAsync(directory.FullName);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private async Task<int> RunAsync(string directory)
    {
        DevelopmentCertificates.Ensure(directory, TimeProvider.System, []);
        await using var host = new BrokerHost(Settings(directory), TimeProvider.System, NullLoggerFactory.Instance);
        using var watch = host.Hub.Observe("fuzz").Subscribe(Watch, failure => Fail($"the hub failed: {failure}"));
        await host.StartAsync(CancellationToken.None);
        var port = host.Listeners.Endpoints.Single().Bound!.Port;
        using var certificate = X509Certificate2.CreateFromPemFile(
            Path.Combine(directory, "client.pem"), Path.Combine(directory, "client.key"));
        var talker = new FuzzTalk(port, certificate);
        var talking = Enumerable.Range(0, Talkers).Select(_ => Task.Run(() => TalkAsync(talker))).ToArray();
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        var done = Task.WhenAll(talking);
        while (await Task.WhenAny(done, timer.WaitForNextTickAsync().AsTask()) != done)
        {
            Report(host);
        }

        await done;
        await ExpectSilenceAsync(host);
        Report(host);
        if (_fault is not null)
        {
            Console.WriteLine($"FAILED: {_fault}");
        }

        return _fault is null ? 0 : 1;
    }

    private static CassiniOptions Settings(string directory) => new()
    {
        Listener = new() { Endpoints = [new(IPAddress.Loopback, 0)] },
        Tls = new TlsOptions
        {
            CaPath = Path.Combine(directory, "ca.pem"),
            ServerChainPath = Path.Combine(directory, "server.pem"),
            ServerKeyPath = Path.Combine(directory, "server.key"),
        },
        Broker = new() { MaxTopics = 1_000, MaxRetained = 100, MaxQueuedMessages = 500, MaxQueuedBytes = 4 * 1024 * 1024 },
    };

    private async Task TalkAsync(FuzzTalk talk)
    {
        while (!_stop.IsCancellationRequested && TimeProvider.System.GetElapsedTime(_started) < _options.Duration)
        {
            var number = Interlocked.Increment(ref _number);
            if (number - _options.From > _options.Cases)
            {
                return;
            }

            try
            {
                Interlocked.Add(ref _packets, await talk.RunAsync(_options.Seed, number));
                if (number % HonestEvery == 0)
                {
                    await talk.BeHonestAsync(number);
                    Interlocked.Increment(ref _honest);
                }
            }
            catch (Exception exception)
            {
                Fail($"conversation {number}: {exception}");
            }
        }
    }

    private void Watch(Delivery delivery)
    {
        if (delivery.Envelope?.Event is Crashed crash)
        {
            Fail($"{crash.Component} crashed: {crash.Exception}: {crash.Message}");
        }
    }

    /// <summary>Checks that nothing of a conversation remains after it.</summary>
    private async Task ExpectSilenceAsync(BrokerHost host)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (host.Listeners.OpenConnections > 0 || host.Broker.Statistics.OpenSessions > 0)
        {
            if (TimeProvider.System.GetElapsedTime(since) > TimeSpan.FromSeconds(30))
            {
                Fail($"{host.Listeners.OpenConnections} connections and {host.Broker.Statistics.OpenSessions} open sessions stay");
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }

    private void Fail(string fault)
    {
        _fault ??= fault;
        _stop.Cancel();
    }

    private void Report(BrokerHost host)
    {
        var elapsed = TimeProvider.System.GetElapsedTime(_started);
        var statistics = host.Broker.Statistics;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {_options.Seed}: {Interlocked.Read(ref _number) - _options.From:N0} conversations, "
            + $"{Interlocked.Read(ref _packets):N0} packets in {elapsed.TotalSeconds:F0} s, {_honest:N0} honest clients served; "
            + $"{statistics.ProtocolViolations:N0} violations, {statistics.PublishReceived:N0} messages in, "
            + $"{statistics.PublishSent:N0} out, {statistics.Sessions} sessions, "
            + $"heap {GC.GetTotalMemory(forceFullCollection: true) / 1024:N0} KiB"));
    }
}
