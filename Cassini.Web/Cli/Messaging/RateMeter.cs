using System.Globalization;
using System.Text.Json;

namespace Cassini.Web.Cli.Messaging;

/// <summary>Counts messages, and writes once a second how many they were.</summary>
internal sealed class RateMeter(TextWriter output, bool json, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private long _messages;
    private long _bytes;

    public long Messages => Interlocked.Read(ref _messages);

    public long Bytes => Interlocked.Read(ref _bytes);

    public void Count(long bytes)
    {
        Interlocked.Increment(ref _messages);
        Interlocked.Add(ref _bytes, bytes);
    }

    /// <summary>Writes until it is cancelled.</summary>
    public async Task WriteAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Every, time);
        var (at, messages, bytes) = (time.GetTimestamp(), Messages, Bytes);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                var (now, messagesNow, bytesNow) = (time.GetTimestamp(), Messages, Bytes);
                var seconds = time.GetElapsedTime(at, now).TotalSeconds;
                output.WriteLine(Line((messagesNow - messages) / seconds, (bytesNow - bytes) / seconds));
                (at, messages, bytes) = (now, messagesNow, bytesNow);
            }
        }
        catch (OperationCanceledException)
        {
            // This is how the meter ends.
        }
    }

    private string Line(double messages, double bytes) => json
        ? JsonSerializer.Serialize(new RateLine(Math.Round(messages, 1), Math.Round(bytes, 1)), MeterJsonContext.Default.RateLine)
        : string.Create(CultureInfo.InvariantCulture, $"{messages:0} messages/s  {bytes:0} bytes/s");
}
