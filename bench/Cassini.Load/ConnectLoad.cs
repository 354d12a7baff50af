using System.Globalization;

namespace Cassini.Load;

/// <summary>
/// One connect after the other, four at a time: TCP, mutual TLS, CONNECT, CONNACK, DISCONNECT, and the end of the broker's side. Each pays
/// for a full handshake, unless it resumes TLS with the ticket of an earlier one.
/// </summary>
internal sealed class ConnectLoad(string name, bool resume)
{
    private const int AtOnce = 4;
    private const int ReadSize = 256;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    public string Run(LoadOptions options, ClientTls shared)
    {
        var pid = options.Pid ?? throw new LoadException($"{name} needs --pid");
        var tls = resume ? new ClientTls(options.Certificates!, resume: true) : shared;
        Connect(options, tls, options.WarmUp, "warm");
        var (broker, generator, start) = (ProcessUsage.Cpu(pid), ProcessUsage.Cpu(Environment.ProcessId), Measure.Now);
        var connects = Connect(options, tls, options.Duration, "connect");
        var elapsed = Measure.Since(start);
        broker = ProcessUsage.Cpu(pid) - broker;
        generator = ProcessUsage.Cpu(Environment.ProcessId) - generator;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{name} rate={connects / elapsed.TotalSeconds:F0} cpu_ms={broker * 1e3 / connects:F3} "
            + $"generator_ms={generator * 1e3 / connects:F3} connects={connects} lost=0");
    }

    private static int Connect(LoadOptions options, ClientTls tls, TimeSpan duration, string prefix)
    {
        var connects = 0;
        var start = Measure.Now;
        var workers = Enumerable.Range(0, AtOnce).Select(i => new Worker($"connects {i}", () =>
        {
            var clientId = string.Create(CultureInfo.InvariantCulture, $"{prefix}-{i}");
            while (Measure.Since(start) < duration)
            {
                MqttConnection.Visit(options, tls, clientId, ReadSize);
                Interlocked.Increment(ref connects);
            }
        })).ToArray();
        if (!workers.All(worker => worker.Join(duration + Grace)))
        {
            throw new LoadException($"a connect hangs after {connects}");
        }

        return workers.Select(worker => worker.Failure).FirstOrDefault(failure => failure is not null) is { } failure
            ? throw new LoadException($"after {connects} connects: {failure.Message}")
            : connects;
    }
}
