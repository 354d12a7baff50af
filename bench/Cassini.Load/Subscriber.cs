namespace Cassini.Load;

/// <summary>Counts what arrives, and acknowledges it once for each read.</summary>
internal static class Subscriber
{
    /// <summary>QoS 0. Ends with the connection.</summary>
    public static void Run(MqttConnection connection, Window window, int index, int readers)
    {
        var (count, moderation) = (new Publishes(), new Moderation(readers));
        while (connection.Reader.Read(ref count))
        {
            window.Receive(index, count.Taken);
            count.Taken = 0;
            moderation.Rest(connection.Reader);
        }

        RequireClosed(window);
    }

    /// <summary>QoS 1 and 2. Ends with the connection.</summary>
    public static void RunAcknowledging(MqttConnection connection, Window window, int index, int readers)
    {
        var (answers, moderation) = (new Answers(), new Moderation(readers));
        while (connection.Reader.Read(ref answers))
        {
            answers.Flush(connection);
            window.Receive(index, answers.Published);
            answers.Published = 0;
            moderation.Rest(connection.Reader);
        }

        RequireClosed(window);
    }

    private static void RequireClosed(Window window)
    {
        if (!window.Closed)
        {
            throw new LoadException("the broker closed a subscriber's connection");
        }
    }

    private struct Publishes : IPacketSink
    {
        public int Taken;

        public void Take(byte first, ReadOnlySpan<byte> body) => Taken += first >> 4 == 3 ? 1 : 0;
    }
}
