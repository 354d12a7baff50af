using Cassini.Streams.Broker.Upkeep;
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

    /// <summary>Prepares for connections; called once, before anything is bound.</summary>
    Task LoadAsync(CancellationToken cancellation);

    /// <summary>Starts what the protocol needs beside its connections; called once, before anything is bound.</summary>
    /// <param name="services">Run until the connections are closed.</param>
    /// <param name="publications">Publish to clients, and end before the clients get what is left for them.</param>
    void StartServices(ServiceGroup services, ServiceGroup publications);

    /// <summary>The load, as far as the protocol knows more of it than the transport does.</summary>
    LoadSampled Sample(int openConnections, long bytesReceived, long bytesSent);

    /// <summary>Takes no more messages in, and ends when none is on its way.</summary>
    Task CloseIntakeAsync(CancellationToken stage);

    /// <summary>Gives clients what was taken in for them, and asks them to go.</summary>
    Task DeliverAsync(CancellationToken stage);

    /// <summary>What a stop still has to do for the clients.</summary>
    DrainRest Rest(int openConnections);

    /// <summary>Completes what .NET code observes; called once, after the stop.</summary>
    Task CompleteAsync();
}
