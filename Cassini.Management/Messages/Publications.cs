using System.Text.Json;
using Cassini.Management.Access;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Messages;

/// <summary>Publishes messages over HTTP, counts them and logs who did so, but not each when there are many. Thread-safe.</summary>
/// <param name="client">Who publishes.</param>
/// <param name="places">A message that is being read and published takes a slot, because its body is in memory.</param>
/// <param name="time">The one clock.</param>
/// <param name="logger">The log.</param>
/// <param name="stopping">Ends the waits for memory and for the disk.</param>
internal sealed class Publications(
    LocalClient client, SharedPlaces places, TimeProvider time, ILogger logger, CancellationToken stopping)
{
    private readonly Lock _lock = new();
    private readonly TokenBucket _allowance = new(burst: 20, perSecond: 1, time);
    private long _published;
    private long _unsaid;

    public LocalClient Client => client;

    public SharedPlaces Places => places;

    /// <summary>Messages that were published.</summary>
    public long Count => Interlocked.Read(ref _published);

    /// <summary>An outcome as JSON writes it.</summary>
    public static string WordOf(PublishOutcome outcome) => JsonNamingPolicy.CamelCase.ConvertName($"{outcome}");

    /// <inheritdoc cref="LocalClient.PublishAsync"/>
    /// <param name="context">The request.</param>
    /// <param name="message">The message.</param>
    public async Task<LocalVerdict> PublishAsync(HttpContext context, MqttMessage message)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        var isPublished = false;
        try
        {
            return await client.PublishAsync(message, RemoteAddress.Of(context), Note, ends.Token);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            return LocalVerdict.Refused(isPublished ? LocalRefusal.NotStored : LocalRefusal.Draining);
        }

        // Before the wait for the disk, in which the caller may hang up.
        void Note(PublishOutcome outcome)
        {
            isPublished = true;
            Interlocked.Increment(ref _published);
            Log(context, message, outcome);
        }
    }

    private void Log(HttpContext context, MqttMessage message, PublishOutcome outcome)
    {
        long unsaid;
        lock (_lock)
        {
            if (!_allowance.TryTake(time.GetTimestamp()))
            {
                _unsaid++;
                return;
            }

            (unsaid, _unsaid) = (_unsaid, 0);
        }

        MessageLog.Published(
            logger, Caller.Of(context), message.Payload.Length, SafeText.Of(message.Topic, SafeText.Short), client.Identity,
            (int)message.QoS, message.Retain, WordOf(outcome), unsaid == 0 ? "" : $" (and {unsaid} others since the last line)");
    }
}
