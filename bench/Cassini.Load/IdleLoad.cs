using System.Collections.Concurrent;
using System.Globalization;

namespace Cassini.Load;

/// <summary>
/// The cost of an idle session: the broker's resident memory, and its CPU for a full mutual handshake, CONNECT and
/// SUBSCRIBE. To be run on a broker that was just started.
/// </summary>
internal static class IdleLoad
{
    private const int AtOnce = 32;
    private const int WarmUp = 50;
    private const int ReadSize = 256;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    public static string Run(LoadOptions options, ClientTls tls)
    {
        var pid = options.Pid ?? throw new LoadException("idle needs --pid");
        Close(Open(options, tls, WarmUp, "warm"));
        Settle();
        var (memory, cpu, start) = (ProcessUsage.ResidentKiB(pid), ProcessUsage.Cpu(pid), Measure.Now);
        var sessions = Open(options, tls, options.Sessions, "idle");
        var elapsed = Measure.Since(start);
        cpu = ProcessUsage.Cpu(pid) - cpu;
        Settle();
        var result = string.Create(
            CultureInfo.InvariantCulture,
            $"idle kib={(ProcessUsage.ResidentKiB(pid) - memory) / options.Sessions:F1} cpu_ms={cpu * 1e3 / options.Sessions:F3} "
            + $"connects_per_second={options.Sessions / elapsed.TotalSeconds:F0} sessions={options.Sessions}");
        Close(sessions);
        return result;
    }

    /// <summary>Opens the sessions, says so, and keeps them until the input ends.</summary>
    public static string Hold(LoadOptions options, ClientTls tls)
    {
        var sessions = Open(options, tls, options.Sessions, "held");
        Console.WriteLine("held");
        Console.In.ReadToEnd();
        Close(sessions);
        return string.Create(CultureInfo.InvariantCulture, $"hold sessions={options.Sessions}");
    }

    private static IReadOnlyCollection<MqttConnection> Open(LoadOptions options, ClientTls tls, int count, string prefix)
    {
        var sessions = new ConcurrentBag<MqttConnection>();
        var next = 0;
        var workers = Enumerable.Range(0, AtOnce).Select(i => new Worker($"connects {i}", () =>
        {
            for (var id = Interlocked.Increment(ref next); id <= count; id = Interlocked.Increment(ref next))
            {
                var topic = string.Create(CultureInfo.InvariantCulture, $"{prefix}/{id}");
                var session = new MqttConnection(options, tls, topic, ReadSize);
                sessions.Add(session);
                session.Subscribe(topic, 0);
            }
        })).ToArray();
        foreach (var worker in workers)
        {
            worker.Join(Timeout.InfiniteTimeSpan);
        }

        if (workers.Select(worker => worker.Failure).FirstOrDefault(failure => failure is not null) is { } failure)
        {
            var opened = sessions.Count;
            Close(sessions);
            throw new LoadException($"after {opened} of {count} sessions: {failure.Message}");
        }

        return sessions;
    }

    private static void Close(IReadOnlyCollection<MqttConnection> sessions)
    {
        foreach (var session in sessions)
        {
            session.Close();
            session.Dispose();
        }
    }

    private static void Settle()
    {
        using var pacer = new Pacer(Settling);
        pacer.Wait();
    }
}
