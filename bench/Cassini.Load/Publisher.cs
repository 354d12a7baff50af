using System.Buffers.Binary;

namespace Cassini.Load;

/// <summary>Sends whole records of publishes as fast as the window permits.</summary>
internal static class Publisher
{
    /// <summary>Unacknowledged publishes of QoS 1 and 2 at most.</summary>
    private const int UnacknowledgedMaximum = 4_096;

    /// <summary>QoS 0, which has no answers.</summary>
    public static void Run(MqttConnection connection, Window window, int wake, byte[] frame)
    {
        var chunk = Frames.Repeat(frame);
        var perChunk = chunk.Length / frame.Length;
        while (!window.Closed)
        {
            var count = Math.Min(window.Room, perChunk);
            if (count < Math.Min(perChunk, wake))
            {
                window.Wait(wake);
                continue;
            }

            window.Send(count);
            connection.Write(chunk.AsSpan(0, count * frame.Length));
        }
    }

    /// <summary>
    /// QoS 1 and 2, on one thread: the answers to what may be unacknowledged fit the socket's buffer, so neither side can end up
    /// waiting for the other to read. Ends when all is acknowledged. Within a few milliseconds it keeps to its pace: while it waits for an
    /// answer it sends nothing, and makes up for it.
    /// </summary>
    public static void RunAcknowledged(MqttConnection connection, Window window, int wake, byte[] frame, int identifierAt, Pace pace)
    {
        var chunk = Frames.Repeat(frame);
        var most = Math.Min(UnacknowledgedMaximum, connection.ReceiveMaximum);
        var perChunk = Math.Min(Math.Min(chunk.Length / frame.Length, wake), Math.Clamp(pace.PerMillisecond, 1, Math.Max(1, most / 2)));
        var (answers, moderation) = (new Answers(), new Moderation(1));
        var (sent, identifier) = (0L, 0);
        while (!window.Closed || sent > answers.Completed)
        {
            var unacknowledged = (int)(sent - answers.Completed);
            var isDue = pace.IsDue(sent + perChunk);
            if (!window.Closed && isDue && most - unacknowledged >= perChunk && window.Room >= perChunk)
            {
                for (var i = 0; i < perChunk; i++)
                {
                    identifier = identifier == ushort.MaxValue ? 1 : identifier + 1;
                    BinaryPrimitives.WriteUInt16BigEndian(chunk.AsSpan((i * frame.Length) + identifierAt), (ushort)identifier);
                }

                window.Send(perChunk);
                connection.Write(chunk.AsSpan(0, perChunk * frame.Length));
                sent += perChunk;
            }
            else if (unacknowledged > 0)
            {
                if (!connection.Reader.Read(ref answers))
                {
                    throw new LoadException("the broker closed the publisher's connection");
                }

                answers.Flush(connection);
                moderation.Rest(connection.Reader);
            }
            else if (!isDue)
            {
                pace.Wait();
            }
            else
            {
                window.Wait(wake);
            }
        }
    }
}
