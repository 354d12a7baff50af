using System.Globalization;

namespace Cassini.Load;

/// <summary>
/// Messages per second that subscribers really receive: some groups of one publisher and its subscribers, each group with a topic of
/// its own and its share of the window.
/// </summary>
/// <param name="name">The name of the load.</param>
/// <param name="groups">How many groups there are.</param>
/// <param name="subscribers">The subscribers of a group.</param>
/// <param name="qos">The quality of service, of both sides.</param>
/// <param name="isKept">Whether the sessions of the subscribers outlive their connections.</param>
internal sealed class ThroughputLoad(string name, int groups, int subscribers, int qos, bool isKept = false)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(2);
    private readonly List<MqttConnection> _connections = [];
    private readonly List<Worker> _workers = [];
    private readonly List<Window> _windows = [];
    private long _progress;
    private long _progressAt;

    private long Received => _windows.Sum(window => window.Received);

    private long Missing => _windows.Sum(window => window.Missing);

    public string Run(LoadOptions options, ClientTls tls)
    {
        try
        {
            for (var group = 0; group < groups; group++)
            {
                Start(options, tls, group);
            }

            return Watch(options);
        }
        finally
        {
            _windows.ForEach(window => window.Close());
            _connections.ForEach(connection => connection.Abort());
            var ended = _workers.All(worker => worker.Join(Stall));
            _connections.ForEach(connection => connection.Dispose());
            if (ended)
            {
                _windows.ForEach(window => window.Dispose());
            }
        }
    }

    private void Start(LoadOptions options, ClientTls tls, int group)
    {
        var topic = string.Create(CultureInfo.InvariantCulture, $"load/{group}");
        var window = new Window(Math.Max(1, options.Window / groups), subscribers);
        _windows.Add(window);
        for (var i = 0; i < subscribers; i++)
        {
            if (isKept)
            {
                MqttConnection.Forget(options, tls, $"{topic}-sub-{i}");
            }

            var (index, subscriber) = (i, new MqttConnection(
                options.OfSubscriber, tls, $"{topic}-sub-{i}", Math.Max(PacketReader.DefaultSize, 4 * options.Payload), isKept));
            _connections.Add(subscriber);
            subscriber.Subscribe(topic, qos);
            _workers.Add(new Worker($"{topic} subscriber {i}", () =>
            {
                if (qos == 0)
                {
                    Subscriber.Run(subscriber, window, index, groups * subscribers);
                }
                else
                {
                    Subscriber.RunAcknowledging(subscriber, window, index, groups * subscribers);
                }
            }));
        }

        var publisher = new MqttConnection(options, tls, $"{topic}-pub");
        _connections.Add(publisher);
        var frame = Frames.Publish(topic, qos, options.Payload, options.Version5);
        var wake = Math.Max(1, options.Window / groups / 4);
        _workers.Add(new Worker($"{topic} publisher", () =>
        {
            if (qos == 0)
            {
                Publisher.Run(publisher, window, wake, frame);
            }
            else
            {
                using var pace = new Pace(options.Rate / groups);
                Publisher.RunAcknowledged(publisher, window, wake, frame, Frames.IdentifierOffset(frame, topic), pace);
            }
        }));
    }

    private string Watch(LoadOptions options)
    {
        using var pacer = new Pacer(Look);
        _progressAt = Measure.Now;
        Pass(pacer, options.WarmUp);
        using var probe = options.Probe is { } url ? new ReadyProbe(url) : null;
        var (start, received, own, broker) = (Measure.Now, Received, ProcessUsage.Cpu(Environment.ProcessId), Broker(options));
        Pass(pacer, options.Duration);
        var (elapsed, measured) = (Measure.Since(start), Received - received);
        (own, broker) = (ProcessUsage.Cpu(Environment.ProcessId) - own, Broker(options) - broker);
        var probed = probe?.Stop();
        Drain(pacer);
        var result = string.Create(
            CultureInfo.InvariantCulture,
            $"{name} rate={measured / elapsed.TotalSeconds:F0} received={Received} lost={Missing} generator_us={own * 1e6 / measured:F3}");
        return result
            + (options.Pid is null ? "" : string.Create(CultureInfo.InvariantCulture, $" broker_us={broker * 1e6 / measured:F3}"))
            + (probed is null ? "" : $" {probed}");
    }

    private static double Broker(LoadOptions options) => options.Pid is { } pid ? ProcessUsage.Cpu(pid) : 0;

    private void Pass(Pacer pacer, TimeSpan time)
    {
        for (var start = Measure.Now; Measure.Since(start) < time;)
        {
            pacer.Wait();
            if (_workers.Select(worker => worker.Failure).FirstOrDefault(failure => failure is not null) is { } failure)
            {
                throw new LoadException(failure is LoadException ? failure.Message : $"a connection broke: {failure.Message}");
            }

            if (Stalled())
            {
                GiveUp();
            }
        }
    }

    /// <summary>Waits until everything sent has arrived, or until nothing more arrives.</summary>
    private void Drain(Pacer pacer)
    {
        _windows.ForEach(window => window.Close());
        _progressAt = Measure.Now;
        while (Missing > 0 && !Stalled())
        {
            pacer.Wait();
        }

        // Behind the last message the publishers of QoS 1 and 2 still wait for acknowledgements, and their subscribers may still
        // be sending some: a connection that may be writing sends no DISCONNECT.
        foreach (var ((connection, worker), i) in _connections.Zip(_workers).Select((pair, i) => (pair, i)))
        {
            var publishes = i % (subscribers + 1) == subscribers;
            if (publishes ? worker.Join(Stall) : qos == 0)
            {
                connection.Close();
            }
        }
    }

    private bool Stalled()
    {
        if (Received is var received && received != _progress)
        {
            (_progress, _progressAt) = (received, Measure.Now);
        }

        return Measure.Since(_progressAt) > Stall;
    }

    private void GiveUp()
    {
        if (qos > 0)
        {
            throw new LoadException($"nothing came for {Stall.TotalSeconds} s with {Missing} under way");
        }

        _windows.ForEach(window => window.WriteOff());
        _progressAt = Measure.Now;
    }
}
