using Cassini.Streams.Events;
using Cassini.Streams.Listening.Connections;

namespace Cassini.Streams.Hosting;

/// <summary>What a protocol adds to the host of its connections.</summary>
internal interface IHostedProtocol
{
    /// <summary>Serves the open connections.</summary>
    IConnectionHandler Handler { get; }

    /// <summary>Whether the canary can speak MQTT with it.</summary>
    bool SpeaksMqtt { get; }

    /// <summary>Whether <see cref="LoadAsync"/> reads back what earlier runs left: the host is recovering meanwhile.</summary>
    bool IsDurable { get; }

    /// <summary>Prepares for connections; called once, before anything is bound.</summary>
    Task LoadAsync(CancellationToken cancellation);

    /// <summary>
    /// Starts the services that the protocol needs in addition to its connections; called once, before anything is bound.
    /// </summary>
    /// <param name="services">Services that run until the connections are closed.</param>
    /// <param name="publications">Services that publish to clients, and end before the clients receive their last messages.</param>
    void StartServices(ServiceGroup services, ServiceGroup publications);

    /// <summary>Adds to the load the figures that only the protocol knows, and not the transport.</summary>
    LoadSampled Sample(ResourceUse connections, long bytesReceived, long bytesSent);

    /// <summary>Accepts no more messages. Completes when none is being accepted.</summary>
    Task CloseIntakeAsync(CancellationToken stage);

    /// <summary>Delivers the messages that were accepted for the clients, and disconnects the clients.</summary>
    Task DeliverAsync(CancellationToken stage);

    /// <summary>Whether others can take sessions over that outlive their connections.</summary>
    bool HandsOver { get; }

    /// <summary>Ends when others have taken all sessions over whose clients were connected when the intake was closed.</summary>
    Task HandOverAsync(CancellationToken stage);

    /// <summary>The work for the clients that a stop still has to do.</summary>
    DrainRest Rest(int openConnections);

    /// <summary>Completes the observers of .NET code; called once, after the stop.</summary>
    Task CompleteAsync();
}
