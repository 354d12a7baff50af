using Cassini.Streams.Broker;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Store;

namespace Cassini.Streams.Hosting;

/// <summary>
/// MQTT as a hosted protocol: housekeeping, the health topic, the broker's figures, and the broker's part in a graceful stop.
/// </summary>
/// <param name="broker">The broker.</param>
/// <param name="health">What is retained under <c>$SYS</c>.</param>
/// <param name="journal">Where its state outlives the process; null when it does not.</param>
/// <param name="node">The broker as a node of a fleet; null when it is none.</param>
internal sealed class MqttProtocol(MqttBroker broker, HealthProjection health, Journal? journal, FleetNode? node = null)
    : IHostedProtocol
{
    private readonly HealthTopic _healthTopic = new(health, broker);

    public IConnectionHandler Handler => broker;

    public bool SpeaksMqtt => true;

    public bool IsDurable => journal is not null;

    public Task LoadAsync(CancellationToken cancellation) => broker.LoadAsync(cancellation);

    public void StartServices(ServiceGroup services, ServiceGroup publications)
    {
        services.Start(ComponentKind.Broker, "housekeeping", broker.RunAsync);
        if (journal is not null)
        {
            services.Start(ComponentKind.Broker, "journal", journal.RunAsync);
            services.Start(ComponentKind.Broker, "journal rewrite", broker.RunStoreAsync);
        }

        node?.Start(services, publications);
        publications.Start(ComponentKind.Service, "health topic", _healthTopic.RunAsync);
    }

    public LoadSampled Sample(ResourceUse connections, long bytesReceived, long bytesSent)
    {
        var statistics = broker.Statistics;
        var open = (int)connections.Used;
        var (holder, held) = broker.AbsentBacklog;
        return new LoadSampled(statistics.QueuedMessages, open, bytesReceived, bytesSent, statistics.Topics, statistics.Dropped)
        {
            BacklogHolder = holder,
            BacklogHeld = Math.Min(held, statistics.QueuedMessages),
            Capacity = new Capacity(connections, broker.Sessions.Use, broker.Budget.Use)
            {
                Retained = broker.RetainedUse,
                SharedSubscriptions = broker.Sessions.SharedUse,
                Topics = broker.Topics.Use,
            },
            Store = journal?.Sample(),
            Sessions = statistics.OpenSessions,
            MessagesReceived = statistics.PublishReceived,
            MessagesSent = statistics.PublishSent,
        };
    }

    public Task CloseIntakeAsync(CancellationToken stage) => broker.Drain.CloseIntakeAsync(stage);

    public Task DeliverAsync(CancellationToken stage) => broker.Drain.DeliverAsync(stage);

    public bool HandsOver => node is { HasPeers: true };

    public Task HandOverAsync(CancellationToken stage) => broker.Drain.HandOverAsync(stage);

    public Task CompleteAsync() => broker.CompleteAsync();

    public DrainRest Rest(int openConnections) => broker.Drain.Rest;
}
