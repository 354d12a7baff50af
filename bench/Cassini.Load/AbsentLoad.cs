using System.Buffers.Binary;
using System.Globalization;

namespace Cassini.Load;

/// <summary>Messages of QoS 1 that wait for kept sessions whose clients are away, and what these get when they come back.</summary>
internal static class AbsentLoad
{
    private const int Unacknowledged = 4_096;

    /// <summary>Makes the sessions, and sends each its part of the messages.</summary>
    public static string Fill(LoadOptions options, ClientTls tls)
    {
        for (var session = 0; session < options.Sessions; session++)
        {
            using var absent = new MqttConnection(options, tls, Name(session), isKept: true);
            absent.Subscribe(Name(session), 1);
            absent.Close();
        }

        using var publisher = new MqttConnection(options, tls, "absent-pub");
        publisher.LimitReads(true);
        using var pace = new Pace(options.Rate);
        var (answers, start) = (new Answers(), Measure.Now);
        var sent = 0L;
        for (var session = 0; session < options.Sessions; session++)
        {
            var frame = Frames.Publish(Name(session), 1, options.Payload, options.Version5);
            var to = (long)options.Messages * (session + 1) / options.Sessions;
            sent = Send(publisher, ref answers, frame, Frames.IdentifierOffset(frame, Name(session)), sent, to, pace);
        }

        while (answers.Completed < sent)
        {
            Read(publisher, ref answers);
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"fill sent={sent} acknowledged={answers.Completed} rate={sent / Measure.Since(start).TotalSeconds:F0}");
    }

    /// <summary>Takes what waits for each session, one after the other.</summary>
    public static string Take(LoadOptions options, ClientTls tls)
    {
        var (taken, start) = (0L, Measure.Now);
        for (var session = 0; session < options.Sessions; session++)
        {
            using var back = new MqttConnection(options, tls, Name(session), isKept: true);
            var (answers, wanted) = (
                new Answers(),
                ((long)options.Messages * (session + 1) / options.Sessions) - ((long)options.Messages * session / options.Sessions));
            back.LimitReads(true);
            try
            {
                while (answers.Published < wanted)
                {
                    Read(back, ref answers);
                }
            }
            catch (IOException failure) when (MqttConnection.IsTimeOut(failure))
            {
                // What is missing is lost.
            }

            taken += answers.Published;
            back.Close();
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"take received={taken} lost={options.Messages - taken} rate={taken / Measure.Since(start).TotalSeconds:F0}");
    }

    private static long Send(
        MqttConnection publisher, ref Answers answers, byte[] frame, int identifierAt, long sent, long to, Pace pace)
    {
        var chunk = Frames.Repeat(frame);
        while (sent < to)
        {
            var count = (int)Math.Min(Math.Min(chunk.Length / frame.Length, pace.PerMillisecond), to - sent);
            while (!pace.IsDue(sent + count))
            {
                pace.Wait();
            }

            while (sent + count - answers.Completed > Math.Min(Unacknowledged, publisher.ReceiveMaximum))
            {
                Read(publisher, ref answers);
            }

            for (var i = 0; i < count; i++)
            {
                var identifier = (ushort)(1 + ((sent + i) % ushort.MaxValue));
                BinaryPrimitives.WriteUInt16BigEndian(chunk.AsSpan((i * frame.Length) + identifierAt), identifier);
            }

            publisher.Write(chunk.AsSpan(0, count * frame.Length));
            sent += count;
        }

        return sent;
    }

    private static void Read(MqttConnection connection, ref Answers answers)
    {
        if (!connection.Reader.Read(ref answers))
        {
            throw new LoadException("the broker closed the connection");
        }

        answers.Flush(connection);
    }

    private static string Name(int session) => string.Create(CultureInfo.InvariantCulture, $"absent/{session}");
}
