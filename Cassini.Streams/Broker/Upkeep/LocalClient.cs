using System.Collections.Immutable;
using Cassini.Streams.Broker.Access;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// A client within this process, without connection and session: the access rules and the quotas of its identity judge what it publishes
/// and receives, the intake and the store whether anything is taken. Thread-safe.
/// </summary>
internal sealed class LocalClient(
    string identity,
    string clientId,
    BrokerOptions options,
    AccountTable accounts,
    AccessControl access,
    MemoryBudget budget,
    LocalPublisher publisher,
    LocalObservers observers,
    RetainedMessages retained,
    IBrokerStore store,
    BrokerCounters counters,
    BrokerEvents events,
    TimeProvider time)
{
    /// <summary>The longest header of a PUBLISH packet, with its identifier and the lengths of topic and properties.</summary>
    private const int Header = 13;

    /// <summary>The message expiry interval, a property that changes while the message waits.</summary>
    private const int Expiry = 5;

    public string Identity => identity;

    /// <summary>The largest message that is taken, as a packet.</summary>
    public int MaxPacketSize => options.MaxPacketSize;

    /// <summary>Why the store keeps no new messages; null when it does.</summary>
    public string? StoreProblem => store.Refusal;

    /// <inheritdoc cref="LocalPublisher.ProblemOf"/>
    public string? ProblemOf(MqttMessage message) => publisher.ProblemOf(message);

    /// <inheritdoc cref="LocalPublisher.TopicProblemOf"/>
    public string? TopicProblemOf(string topic) => publisher.TopicProblemOf(topic);

    /// <summary>How many bytes a message without a problem takes as a packet, at most.</summary>
    public static long SizeOf(MqttMessage message) =>
        Header + MqttText.Encode(message.Topic).Length + MessageConversion.PropertiesOf(message).Length + (long)message.Payload.Length
        + (message.ExpiresAfter is null ? 0 : Expiry);

    /// <summary>Why a filter cannot be subscribed to, whoever asks for it; null when it can.</summary>
    public string? FilterProblemOf(string filter) =>
        !MqttText.TryEncode(filter, out var utf8) || !TopicFilter.TryParse(utf8, out var share, out _)
            ? $"{SafeText.Quote(filter, SafeText.Short)} is not a topic filter"
        : !share.IsEmpty ? "a shared subscription would take messages away from its other members"
        : TopicLimits.Problem(utf8, options) is { } problem ? $"{SafeText.Quote(filter, SafeText.Short)}: {problem}"
        : null;

    /// <summary>
    /// Publishes a message without a problem, like a client with this identity. Waits while its identity may take no more memory, and
    /// until everything that was stored of the message is durable, and the other nodes have it that it is for.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="remoteAddress">From where it is asked for.</param>
    /// <param name="published">Called when it was published, before the wait for the disk; null for nothing.</param>
    /// <param name="cancellationToken">Ends the waits. The message may have been published then.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<LocalVerdict> PublishAsync(
        MqttMessage message, string? remoteAddress, Action<PublishOutcome>? published, CancellationToken cancellationToken)
    {
        var account = accounts.Open(identity);
        try
        {
            var verdict = await publisher.PublishAsync(PartyOf(account), message, remoteAddress, cancellationToken).ConfigureAwait(false);
            if (verdict.Outcome != PublishOutcome.Refused)
            {
                published?.Invoke(verdict.Outcome);
            }

            if (message.QoS != QualityOfService.AtMostOnce && verdict.Elsewhere is { } elsewhere)
            {
                await elsewhere.WhenReachedAsync(cancellationToken).ConfigureAwait(false);
            }

            return await IsDurableAsync(verdict.Ticket, cancellationToken).ConfigureAwait(false)
                ? verdict
                : verdict with { Refusal = LocalRefusal.NotStored };
        }
        finally
        {
            accounts.Close(account);
        }
    }

    /// <summary>Subscribes to filters without a problem. The reader calls <see cref="Close"/> at the end.</summary>
    /// <param name="filters">The filters.</param>
    /// <param name="limits">How much may wait for the reader.</param>
    /// <param name="remoteAddress">From where it is asked for.</param>
    /// <param name="refusal">Why it was refused.</param>
    /// <param name="denied">The filter that the rules do not allow; null when they allow all.</param>
    /// <returns>Null when it was refused.</returns>
    public LocalSubscriber? TryOpen(
        ImmutableArray<string> filters, LocalLimits limits, string? remoteAddress, out LocalRefusal refusal, out string? denied)
    {
        var account = accounts.Open(identity);
        var party = PartyOf(account);
        LocalSubscriber? subscriber = null;
        denied = null;
        if (party.Memory.IsClosed)
        {
            refusal = LocalRefusal.NoMemory;
            events.PublishReached(party.Memory.NoteRefused(), () => party.Memory.UseOfAll);
        }
        else
        {
            subscriber = observers.TryOpen(party, filters, limits, out denied);
            refusal = subscriber is null ? LocalRefusal.Denied : LocalRefusal.None;
        }

        if (denied is not null)
        {
            Report(denied, remoteAddress);
        }

        if (subscriber is null)
        {
            accounts.Close(account);
        }

        return subscriber;
    }

    /// <summary>The reader of <see cref="TryOpen"/> reads no more.</summary>
    public void Close(LocalSubscriber subscriber)
    {
        observers.Close(subscriber);
        accounts.Close(subscriber.Party.Account);
    }

    /// <summary>The retained message of a topic, as a subscriber to that topic would receive it.</summary>
    /// <param name="topic">A valid topic name.</param>
    /// <param name="mostPayload">Bytes of the payload that are returned at most.</param>
    /// <param name="remoteAddress">From where it is asked for.</param>
    /// <param name="found">The message; null when there is none, or it may not be seen.</param>
    /// <returns>False when the rules do not allow it.</returns>
    public bool TryGetRetained(string topic, int mostPayload, string? remoteAddress, out RetainedValue? found)
    {
        found = null;
        var utf8 = MqttText.Encode(topic);
        if (!access.InForce.Of(identity, clientId).MaySubscribe(utf8))
        {
            Report(topic, remoteAddress);
            return false;
        }

        if (retained.Get(utf8) is { } message && message.IsCurrent(time.GetTimestamp()))
        {
            var payload = message.Payload.AsSpan(0, Math.Min(message.Payload.Length, mostPayload));
            var expiry = message.SecondsLeft(time.GetTimestamp(), time);
            found = new RetainedValue(
                MessageConversion.Make(topic, payload, message.Properties, message.QoS, true, expiry),
                message.Payload.Length,
                IdentityOf(message));
        }

        return true;
    }

    private static string? IdentityOf(StoredMessage message) =>
        message.Keeper?.Account.Identity is { Length: > 0 } publisher ? publisher : null;

    /// <returns>False when the store was closed before.</returns>
    private async ValueTask<bool> IsDurableAsync(long ticket, CancellationToken cancellationToken)
    {
        var durability = store.Durability;
        if (!durability.IsReached(ticket))
        {
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, durability.Closed);
            await durability.WhenReachedAsync(ticket, ends.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return durability.IsReached(ticket);
    }

    private LocalParty PartyOf(Account account) => LocalParty.OfClient(access, budget.Of(account), clientId);

    private void Report(string filter, string? remoteAddress)
    {
        counters.AddDenied();
        var denied = new AccessDenied(0, identity, "subscribe", SafeText.Cut(filter, SafeText.Short), null, remoteAddress);
        events.PublishLimited(denied, identity, denied.Action);
    }
}

/// <summary>The retained message of a topic.</summary>
/// <param name="Message">The message; its payload may be cut.</param>
/// <param name="Size">How many bytes the whole payload has.</param>
/// <param name="Identity">The identity that published it; null when that was the broker itself, or .NET code.</param>
internal sealed record RetainedValue(MqttMessage Message, int Size, string? Identity);
