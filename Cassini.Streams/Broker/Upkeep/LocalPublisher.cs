using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Publishes the messages of this process: those of .NET code, and those of clients within it. Thread-safe.</summary>
internal sealed class LocalPublisher(
    BrokerOptions options, Intake intake, ServerPublisher publisher, IBrokerStore store, BrokerCounters counters, BrokerEvents events,
    Func<ResourceUse?> retainedUse, SessionTable sessions, TimeProvider time)
{
    /// <summary>What is wrong with a message, whoever publishes it; null when nothing is. Its size is not looked at.</summary>
    public string? ProblemOf(MqttMessage message) =>
        TopicProblemOf(message.Topic) ?? MessageConversion.ProblemOf(message);

    /// <summary>What is wrong with a topic, whoever publishes to it; null when nothing is.</summary>
    public string? TopicProblemOf(string topic) =>
        !MqttText.TryEncode(topic, out var utf8) || !TopicName.IsValid(utf8)
            ? $"{SafeText.Quote(topic, SafeText.Short)} is not a topic name: empty, or with a wildcard or U+0000"
        : TopicLimits.Problem(utf8, options) is { } problem ? $"{SafeText.Quote(topic, SafeText.Short)}: {problem}"
        : null;

    /// <summary>See <see cref="MqttBroker.PublishAsync"/>.</summary>
    /// <param name="party">Who publishes it.</param>
    /// <param name="message">The message.</param>
    /// <param name="remoteAddress">From where it was asked for; null for .NET code.</param>
    /// <param name="cancellationToken">Ends the wait for memory, and for the fleet.</param>
    /// <exception cref="ArgumentException">The message has what <see cref="ProblemOf"/> finds, or is too large.</exception>
    public async ValueTask<LocalVerdict> PublishAsync(
        LocalParty party, MqttMessage message, string? remoteAddress, CancellationToken cancellationToken)
    {
        if (ProblemOf(message) is { } problem)
        {
            throw new ArgumentException(problem, nameof(message));
        }

        if (message.Payload.Length > options.MaxPacketSize)
        {
            throw new ArgumentException(
                $"{message.Payload.Length:N0} bytes; at most {options.MaxPacketSize:N0} are allowed", nameof(message));
        }

        var topic = MqttText.Encode(message.Topic);
        if (!MayPublish(party, topic))
        {
            return Denied(party, message, remoteAddress);
        }

        if (!await HasMemoryAsync(party, message, cancellationToken).ConfigureAwait(false))
        {
            return Refused(LocalRefusal.NoMemory);
        }

        if (sessions.Fleet is { HasJoined: false } fleet && !await fleet.WhenJoinedAsync(cancellationToken).ConfigureAwait(false))
        {
            return Refused(LocalRefusal.Joining);
        }

        try
        {
            // The rules may have changed while it waited.
            return !intake.TryEnterLocal() ? Refused(LocalRefusal.Draining)
                : !MayPublish(party, topic) ? Denied(party, message, remoteAddress)
                : await PublishAsync(party, message, topic, remoteAddress).ConfigureAwait(false);
        }
        finally
        {
            intake.LeaveLocal();
        }
    }

    private static bool MayPublish(LocalParty party, byte[] topic) => party.Rights?.MayPublish(topic) ?? true;

    private async ValueTask<LocalVerdict> PublishAsync(LocalParty party, MqttMessage message, byte[] topic, string? remoteAddress)
    {
        var expiry = message.ExpiresAfter is { } after ? (uint?)Math.Clamp(Math.Ceiling(after.TotalSeconds), 0, uint.MaxValue) : null;
        var published = new ServerMessage
        {
            Account = party.Account,
            Topic = topic,
            Payload = message.Payload,
            Properties = MessageConversion.PropertiesOf(message),
            Expiry = expiry,
            QoS = message.QoS,
            Retain = message.Retain,
        };
        if (store.Refusal is not null && publisher.NeedsStore(published))
        {
            return Refused(LocalRefusal.StoreUnavailable);
        }

        // The work of the broker itself never waits for a turn.
        var (progress, ticket, elsewhere) = await publisher.PublishAsync(published, inTurn: true).ConfigureAwait(false);
        if (!progress.IsRetainedAsAsked)
        {
            Report(party, "retain", message.Topic, "there is no room for one more retained message", remoteAddress);
            events.PublishIfReached(CapacityResource.Retained, retainedUse);
        }

        var outcome = !progress.IsRetainedAsAsked ? PublishOutcome.NotRetained
            : progress.HasSubscribers ? PublishOutcome.Delivered
            : PublishOutcome.NoSubscribers;
        return new LocalVerdict(outcome, LocalRefusal.None, ticket) { Elsewhere = elsewhere };
    }

    /// <summary>A message that removes a retained one frees memory, so it does not wait for some.</summary>
    private async ValueTask<bool> HasMemoryAsync(LocalParty party, MqttMessage message, CancellationToken cancellationToken)
    {
        var memory = party.Memory;
        if (!memory.IsClosed || (message.Retain && message.Payload.IsEmpty)
            || await memory.WaitAsync(options.MemoryPatience, time, cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        events.PublishReached(memory.NoteRefused(), () => memory.UseOfAll);
        return false;
    }

    private LocalVerdict Refused(LocalRefusal refusal)
    {
        counters.AddRefused();
        return LocalVerdict.Refused(refusal);
    }

    private LocalVerdict Denied(LocalParty party, MqttMessage message, string? remoteAddress)
    {
        counters.AddDenied();
        Report(party, "publish", message.Topic, detail: null, remoteAddress);
        return LocalVerdict.Refused(LocalRefusal.Denied);
    }

    /// <summary>Of the broker itself nothing is reported: .NET code has the outcome.</summary>
    private void Report(LocalParty party, string action, string topic, string? detail, string? remoteAddress)
    {
        if (party.Identity is { } identity)
        {
            var denied = new AccessDenied(0, identity, action, SafeText.Cut(topic, SafeText.Short), detail, remoteAddress);
            events.PublishLimited(denied, identity, action);
        }
    }
}
