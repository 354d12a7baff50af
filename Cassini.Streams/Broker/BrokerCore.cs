using Cassini.Streams.Broker.Access;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Broker;

/// <summary>What everything in the broker shares.</summary>
internal sealed class BrokerCore
{
    public BrokerCore(BrokerOptions options, IBrokerStore store, IEventPublisher events, TimeProvider time, ILogger logger, MessageTracer? tracer = null)
    {
        Options = options;
        Store = store;
        Events = events;
        Time = time;
        Logger = logger;
        Budget = new MemoryBudget(options.MemoryLimit > 0 ? options.MemoryLimit : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 5 * 2);
        Topics = new TopicTable(options, Tree, events, time);
        Retained = new RetainedMessages(options, Budget, store, time);
        Access = new AccessTable(options.Access);
        Router = new Router(this);
        Sessions = new SessionTable(this);
        Tracer = tracer ?? new MessageTracer(null, 0, time);
        EventAllowance = new EventAllowance(burst: 100, perSecond: 10, time);
    }

    public BrokerOptions Options { get; }

    public IBrokerStore Store { get; }

    public IEventPublisher Events { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public MemoryBudget Budget { get; }

    public BrokerCounters Counters { get; } = new();

    public Intake Intake { get; } = new();

    public SubscriptionTree Tree { get; } = new();

    public TopicTable Topics { get; }

    public RetainedMessages Retained { get; }

    public AccessTable Access { get; }

    public Router Router { get; }

    public SessionTable Sessions { get; }

    public MessageTracer Tracer { get; }

    /// <summary>For events that a client can provoke at will.</summary>
    public EventAllowance EventAllowance { get; }

    /// <summary>Publishes a will, if there is one.</summary>
    /// <param name="will">The will.</param>
    /// <param name="publisher">Whose it is; null when that session is no more.</param>
    public void Publish(WillMessage? will, Session? publisher)
    {
        if (will is not null)
        {
            Publish(
                MqttText.Encode(will.Topic),
                will.Payload.AsSpan(),
                MessageProperties.Encode(will.Properties),
                will.Properties.MessageExpiryInterval,
                will.QoS,
                will.Retain,
                publisher);
        }
    }

    /// <summary>Publishes a message of our own, or for a client that is gone.</summary>
    public RouteResult Publish(
        ReadOnlySpan<byte> topic,
        ReadOnlySpan<byte> payload,
        ReadOnlySpan<byte> properties,
        uint? expiry,
        QualityOfService qos,
        bool retain,
        Session? publisher = null)
    {
        var publication = new Publication
        {
            Topic = Topics.Get(topic),
            Payload = payload,
            Properties = properties,
            Expiry = expiry,
            QoS = qos,
            Retain = retain,
            Publisher = publisher,
            ReceivedAt = Time.GetTimestamp(),
        };
        var flushes = new FlushSet();
        try
        {
            return Router.Publish(ref publication, flushes);
        }
        finally
        {
            flushes.Flush(inline: false);
        }
    }
}
