using System.Diagnostics;
using System.Reactive.Linq;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Mqtt;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Broker;

/// <summary>
/// The broker: serves MQTT 5.0 and 3.1.1 on the connections that it is given, and lets .NET code publish and observe as well.
/// Thread-safe.
/// </summary>
public sealed class MqttBroker : IConnectionHandler
{
    private readonly BrokerCore _core;

    /// <summary>Makes a broker whose state lives as long as the process.</summary>
    /// <param name="options">What clients may do.</param>
    /// <param name="version">What is told under <c>$SYS/broker/version</c>.</param>
    /// <param name="events">Where it tells what happens.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="spans">Where the spans of messages begin; null for no traces.</param>
    /// <param name="traceRatio">The share of messages without a trace context that begin a trace, 0 to 1.</param>
    public MqttBroker(
        BrokerOptions options,
        string version,
        IEventPublisher events,
        TimeProvider time,
        ILogger<MqttBroker> logger,
        ActivitySource? spans = null,
        double traceRatio = 0)
        : this(options, version, new InMemoryStore(), events, time, logger, spans, traceRatio)
    {
    }

    internal MqttBroker(
        BrokerOptions options,
        string version,
        IBrokerStore store,
        IEventPublisher events,
        TimeProvider time,
        ILogger<MqttBroker> logger,
        ActivitySource? spans = null,
        double traceRatio = 0)
    {
        _core = new BrokerCore(options, store, events, time, logger, new MessageTracer(spans, traceRatio, time));
        Housekeeper = new Housekeeper(_core, version);
        Drain = new BrokerDrain(_core);
    }

    /// <summary>What it counts.</summary>
    public BrokerStatistics Statistics => BrokerStatistics.Of(_core);

    internal BrokerCore Core => _core;

    internal Housekeeper Housekeeper { get; }

    /// <summary>How it is emptied before it stops.</summary>
    internal BrokerDrain Drain { get; }

    /// <summary>Takes up the state that the store kept. Call it once, before the first connection.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var state = await _core.Store.LoadAsync(cancellationToken).ConfigureAwait(false);
        foreach (var message in state.Retained)
        {
            _core.Retained.Restore(message);
            _core.Topics.Get(message.Topic.Utf8);
        }

        foreach (var kept in state.Sessions)
        {
            var session = new Session(_core, kept.Session.ClientId, kept.Session.Identity, isListed: true);
            session.Restore(kept);
            _core.Sessions.Restore(session);
        }
    }

    /// <summary>Does what is due by time: keep alive, expiry, wills, statistics. Run it under a supervisor until it is cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Housekeeper.RunAsync(cancellationToken);

    /// <inheritdoc/>
    public bool OpensSessions => true;

    /// <inheritdoc/>
    public Task HandleAsync(Connection connection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var counters = connection.IsProbe ? new BrokerCounters() : _core.Counters;
        return ServeAsync(new ClientConnection(_core, connection, counters), cancellationToken);
    }

    private async Task ServeAsync(ClientConnection connection, CancellationToken cancellationToken)
    {
        _core.Intake.Enter(connection);
        try
        {
            await connection.RunAsync(cancellationToken);
        }
        finally
        {
            _core.Intake.Leave(connection);
        }
    }

    /// <summary>
    /// Publishes a message, as a client would that may do everything. Waits while the memory for messages is exhausted. Any thread.
    /// </summary>
    /// <exception cref="ArgumentException">The topic is not a topic name, or longer or deeper than the options allow; the payload is
    /// larger than <see cref="BrokerOptions.MaxPacketSize"/>; a text is not well-formed Unicode, has U+0000, or is longer than 65,535
    /// bytes; or the response topic is not a topic name.</exception>
    public async ValueTask<PublishOutcome> PublishAsync(MqttMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        var topic = MqttText.Encode(message.Topic);
        if (!MqttText.IsValid(topic) || !TopicName.IsValid(topic))
        {
            throw new ArgumentException($"'{message.Topic}' is not a topic name: empty, or with a wildcard or U+0000", nameof(message));
        }

        if (TopicLimits.Problem(topic, _core.Options) is { } problem)
        {
            throw new ArgumentException($"'{message.Topic}': {problem}", nameof(message));
        }

        if (message.Payload.Length > _core.Options.MaxPacketSize)
        {
            throw new ArgumentException($"{message.Payload.Length:N0} bytes; at most {_core.Options.MaxPacketSize:N0} are allowed", nameof(message));
        }

        var properties = MessageConversion.PropertiesOf(message);
        if (_core.Budget.IsExhausted
            && !await _core.Budget.WaitAsync(_core.Options.MemoryPatience, _core.Time, cancellationToken).ConfigureAwait(false))
        {
            return PublishOutcome.Refused;
        }

        try
        {
            return _core.Intake.TryEnterLocal() ? Publish(message, topic, properties) : PublishOutcome.Refused;
        }
        finally
        {
            _core.Intake.LeaveLocal();
        }
    }

    private PublishOutcome Publish(MqttMessage message, byte[] topic, byte[] properties)
    {
        var expiry = message.ExpiresAfter is { } after ? (uint?)Math.Clamp(Math.Ceiling(after.TotalSeconds), 0, uint.MaxValue) : null;
        var result = _core.Publish(topic, message.Payload.Span, properties, expiry, message.QoS, message.Retain);
        return !result.IsRetainedAsAsked ? PublishOutcome.Refused
            : result.HasSubscribers ? PublishOutcome.Delivered
            : PublishOutcome.NoSubscribers;
    }

    /// <summary>Retains a message of the broker's own and tells it to who subscribed. Never waits and is never refused. Any thread.</summary>
    /// <param name="topic">A topic under <c>$SYS/</c>.</param>
    /// <param name="payload">The payload.</param>
    internal void PublishSystem(string topic, ReadOnlySpan<byte> payload) =>
        _core.Publish(MqttText.Encode(topic), payload, default, expiry: null, QualityOfService.AtLeastOnce, retain: true);

    /// <summary>
    /// The messages whose topics match a filter: first those that are retained, then what is published. Each observer has a bounded
    /// queue of its own and is called from the thread pool; one that is too slow loses messages, which are counted, and one that throws is
    /// let go. Never completes by itself.
    /// </summary>
    /// <param name="filter">A topic filter; <c>$share/NAME/FILTER</c> takes turns with other members of that share.</param>
    /// <exception cref="ArgumentException">It is not a topic filter.</exception>
    public IObservable<MqttMessage> Observe(string filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var encoded = MqttText.Encode(filter);
        if (!TopicFilter.IsValid(encoded) || !TopicFilter.TrySplit(encoded, out _, out _))
        {
            throw new ArgumentException($"'{filter}' is not a topic filter", nameof(filter));
        }

        return Observable.Create<MqttMessage>(observer => LocalSubscriber.Start(_core, filter, observer));
    }

    /// <summary>The topics in use, the broker's own left out, in no order.</summary>
    public IReadOnlyList<TopicInfo> GetTopics() => TopicInfo.All(_core);

    /// <summary>Who gets messages of a topic.</summary>
    /// <param name="topic">A topic name.</param>
    /// <exception cref="ArgumentException">It is not a topic name.</exception>
    public IReadOnlyList<SubscriptionInfo> GetSubscriptions(string topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var encoded = MqttText.Encode(topic);
        if (!TopicName.IsValid(encoded))
        {
            throw new ArgumentException($"'{topic}' is not a topic name", nameof(topic));
        }

        return SubscriptionInfo.Matching(_core, encoded);
    }
}
