using System.Buffers.Binary;
using System.Globalization;

namespace Cassini.Load;

/// <summary>A thousand messages a second, QoS 1, from the write of each to the read of its PUBACK.</summary>
/// <param name="name">The name of the load.</param>
/// <param name="isKept">Whether the subscriber's session outlives its connection.</param>
internal sealed class AckLatencyLoad(string name, bool isKept)
{
    private const int PerSecond = 1_000;
    private const string Topic = "load/ack";
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    public string Run(LoadOptions options, ClientTls tls)
    {
        if (isKept)
        {
            MqttConnection.Forget(options, tls, "load-ack-sub");
        }

        using var subscriber = new MqttConnection(options.OfSubscriber, tls, "load-ack-sub", isKept: isKept);
        subscriber.Subscribe(Topic, 1);
        using var publisher = new MqttConnection(options, tls, "load-ack-pub");
        var expected = (int)(options.WarmUp + options.Duration).TotalSeconds * PerSecond;
        var acknowledgements = new Acknowledgements(expected);
        var taking = new Worker("ack subscriber", () => Take(subscriber));
        var reading = new Worker("ack publisher", () =>
        {
            while (acknowledgements.Count < expected && publisher.Reader.Read(ref acknowledgements))
            {
            }
        });
        var frame = Frames.Publish(Topic, 1, options.Payload, options.Version5);
        Send(publisher, frame, Frames.IdentifierOffset(frame, Topic), acknowledgements.SentAt);
        reading.Join(Grace);
        publisher.Abort();
        reading.Join(Grace);
        subscriber.Abort();
        taking.Join(Grace);
        var measured = acknowledgements.Microseconds
            .Take(acknowledgements.Count).Skip((int)options.WarmUp.TotalSeconds * PerSecond).ToArray();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{name} p50_us={Measure.Percentile(measured, 0.5):F0} p99_us={Measure.Percentile(measured, 0.99):F0} "
            + $"received={acknowledgements.Count} lost={expected - acknowledgements.Count}");
    }

    private static void Take(MqttConnection subscriber)
    {
        var answers = new Answers();
        while (subscriber.Reader.Read(ref answers))
        {
            answers.Flush(subscriber);
            answers.Published = 0;
        }
    }

    private static void Send(MqttConnection publisher, byte[] frame, int identifierAt, long[] sentAt)
    {
        using var pacer = new Pacer(TimeSpan.FromSeconds(1) / PerSecond);
        var start = Measure.Now;
        for (var sent = 0; sent < sentAt.Length; pacer.Wait())
        {
            for (var due = Math.Min(sentAt.Length, Measure.Since(start).TotalSeconds * PerSecond); sent < due; sent++)
            {
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(identifierAt), (ushort)(1 + sent));
                sentAt[sent] = Measure.Now;
                publisher.Write(frame);
            }
        }
    }

    private struct Acknowledgements(int expected) : IPacketSink
    {
        public readonly long[] SentAt = new long[expected];
        public readonly double[] Microseconds = new double[expected];
        public int Count;

        public void Take(byte first, ReadOnlySpan<byte> body)
        {
            if (first >> 4 == 4 && Count < Microseconds.Length)
            {
                Microseconds[Count++] = Measure.Since(SentAt[BinaryPrimitives.ReadUInt16BigEndian(body) - 1]).TotalMicroseconds;
            }
        }
    }
}
