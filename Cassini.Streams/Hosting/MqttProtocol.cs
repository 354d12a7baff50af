using Cassini.Streams.Broker;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Listening.Connections;

namespace Cassini.Streams.Hosting;

/// <summary>
/// MQTT as a hosted protocol: housekeeping, the health topic, the broker's figures, and the broker's part in a graceful stop.
/// </summary>
/// <param name="broker">The broker.</param>
/// <param name="health">What is retained under <c>$SYS</c>.</param>
/// <param name="isDurable">Whether its state outlives the process.</param>
internal sealed class MqttProtocol(MqttBroker broker, HealthProjection health, bool isDurable) : IHostedProtocol
{
    private readonly HealthTopic _healthTopic = new(health, broker);

    public IConnectionHandler Handler => broker;

    public bool SpeaksMqtt => true;

    public bool IsDurable => isDurable;

    public Task LoadAsync(CancellationToken cancellation) => broker.LoadAsync(cancellation);

    public void StartServices(ServiceGroup services, ServiceGroup publications)
    {
        services.Start(ComponentKind.Broker, "housekeeping", broker.RunAsync);
        if (isDurable)
        {
            services.Start(ComponentKind.Broker, "journal", broker.RunStoreAsync);
        }

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
            Sessions = statistics.OpenSessions,
            MessagesReceived = statistics.PublishReceived,
            MessagesSent = statistics.PublishSent,
        };
    }

    public Task CloseIntakeAsync(CancellationToken stage) => broker.Drain.CloseIntakeAsync(stage);

    public Task DeliverAsync(CancellationToken stage) => broker.Drain.DeliverAsync(stage);

    public Task CompleteAsync() => broker.CompleteAsync();

    public DrainRest Rest(int openConnections) => broker.Drain.Rest;
}
