using Cassini.Streams.Events;
using Cassini.Streams.Listening.Connections;

namespace Cassini.Streams.Hosting;

/// <summary>Any protocol, of which only the handler of its connections is known.</summary>
internal sealed class HandlerProtocol(IConnectionHandler handler) : IHostedProtocol
{
    public IConnectionHandler Handler => handler;

    public bool SpeaksMqtt => false;

    public bool IsDurable => false;

    public Task LoadAsync(CancellationToken cancellation) => Task.CompletedTask;

    public void StartServices(ServiceGroup services, ServiceGroup publications)
    {
        // A handler has only its connections.
    }

    public LoadSampled Sample(ResourceUse connections, long bytesReceived, long bytesSent) =>
        new(0, (int)connections.Used, bytesReceived, bytesSent, null, 0)
        {
            Sessions = (int)connections.Used,
            Capacity = new Capacity(connections),
        };

    public Task CloseIntakeAsync(CancellationToken stage) => Task.CompletedTask;

    public Task DeliverAsync(CancellationToken stage) => Task.CompletedTask;

    public Task CompleteAsync() => Task.CompletedTask;

    public bool HandsOver => false;

    public Task HandOverAsync(CancellationToken stage) => Task.CompletedTask;

    public DrainRest Rest(int openConnections) => new(openConnections, 0, 0);
}
