using Cassini.Streams.Events;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening.Connections;

namespace Cassini.Tests.Hosting;

/// <summary>A protocol of which a test says what it does at the start and during the stop.</summary>
internal sealed class ScriptedProtocol : IHostedProtocol
{
    private readonly TaskCompletionSource _loading = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What it loads; like a file of a dead mount, it hears of no cancellation.</summary>
    public Task Loaded { get; init; } = Task.CompletedTask;

    /// <summary>What a stop has left to do.</summary>
    public Func<DrainRest> RestNow { get; init; } = () => default;

    /// <summary>Completes when it is loading.</summary>
    public Task Loading => _loading.Task;

    public bool HasStartedServices { get; private set; }

    public bool IsCompleted { get; private set; }

    public IConnectionHandler Handler { get; } = new DiscardHandler();

    public bool SpeaksMqtt => false;

    public bool IsDurable => false;

    public Task LoadAsync(CancellationToken cancellation)
    {
        _loading.SetResult();
        return Loaded;
    }

    /// <summary>A service of it; null for none.</summary>
    public Func<CancellationToken, Task>? Service { get; init; }

    public void StartServices(ServiceGroup services, ServiceGroup publications)
    {
        HasStartedServices = true;
        if (Service is { } service)
        {
            services.Start(ComponentKind.Service, "scripted", service);
        }
    }

    public LoadSampled Sample(ResourceUse connections, long bytesReceived, long bytesSent) =>
        new(0, (int)connections.Used, bytesReceived, bytesSent, null, 0);

    public Task CloseIntakeAsync(CancellationToken stage) => Task.CompletedTask;

    public Task DeliverAsync(CancellationToken stage) => Task.CompletedTask;

    public bool HandsOver => false;

    public Task HandOverAsync(CancellationToken stage) => Task.CompletedTask;

    public DrainRest Rest(int openConnections) => RestNow();

    public Task CompleteAsync()
    {
        IsCompleted = true;
        return Task.CompletedTask;
    }
}
