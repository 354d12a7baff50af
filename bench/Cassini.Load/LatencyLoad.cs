using System.Buffers.Binary;
using System.Globalization;

namespace Cassini.Load;

/// <summary>A thousand messages a second, QoS 0, from the write to the read; the time of sending travels in the payload.</summary>
internal static class LatencyLoad
{
    private const int PerSecond = 1_000;
    private const string Topic = "load/latency";
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    public static string Run(LoadOptions options, ClientTls tls)
    {
        using var subscriber = new MqttConnection(options.OfSubscriber, tls, "load-latency-sub");
        subscriber.Subscribe(Topic, 0);
        using var publisher = new MqttConnection(options, tls, "load-latency-pub");
        var expected = (int)(options.WarmUp + options.Duration).TotalSeconds * PerSecond;
        var arrivals = new Arrivals(expected, options.Payload);
        var reader = new Worker("latency subscriber", () =>
        {
            while (arrivals.Count < expected && subscriber.Reader.Read(ref arrivals))
            {
            }
        });
        Send(publisher, Frames.Publish(Topic, 0, options.Payload, options.Version5), options.Payload, expected);
        reader.Join(Grace);
        subscriber.Abort();
        reader.Join(Grace);
        var measured = arrivals.Microseconds.Take(arrivals.Count).Skip((int)options.WarmUp.TotalSeconds * PerSecond).ToArray();
        publisher.Close();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"latency p50_us={Measure.Percentile(measured, 0.5):F0} p99_us={Measure.Percentile(measured, 0.99):F0} "
            + $"received={arrivals.Count} lost={expected - arrivals.Count}");
    }

    /// <summary>About every millisecond sends what is due: a pacer that spins would take a core from the broker.</summary>
    private static void Send(MqttConnection publisher, byte[] frame, int payload, int count)
    {
        using var pacer = new Pacer(TimeSpan.FromSeconds(1) / PerSecond);
        var start = Measure.Now;
        for (var sent = 0; sent < count; pacer.Wait())
        {
            for (var due = Math.Min(count, Measure.Since(start).TotalSeconds * PerSecond); sent < due; sent++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(frame.Length - payload), Measure.Now);
                publisher.Write(frame);
            }
        }
    }

    private struct Arrivals(int expected, int payload) : IPacketSink
    {
        public readonly double[] Microseconds = new double[expected];
        public int Count;

        public void Take(byte first, ReadOnlySpan<byte> body)
        {
            if (first >> 4 == 3 && Count < Microseconds.Length)
            {
                Microseconds[Count++] = Measure.Since(BinaryPrimitives.ReadInt64LittleEndian(body[^payload..])).TotalMicroseconds;
            }
        }
    }
}
