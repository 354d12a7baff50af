using System.Collections.Concurrent;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Hosting;

namespace Cassini.Tests.Management;

/// <summary>Listeners that note what they are asked to do, and know one connection (7) and one endpoint.</summary>
internal sealed class FakeListeners(HealthProjection health) : IRehearsals
{
    public const long Connection = 7;

    public const string Endpoint = "127.0.0.1:8883";

    public ConcurrentQueue<string> Calls { get; } = new();

    public bool Disconnect(long id) => Note($"disconnect {id}") && id == Connection;

    public bool CrashConnection(long? id) => Note($"crash-session {id}") && id is null or Connection;

    public bool CrashAcceptLoop(string? endpoint) => Note($"crash-accept {endpoint}") && Knows(endpoint);

    public bool CrashManager() => Note("crash-manager");

    public bool StallAccept(string? endpoint) => Note($"stall-accept {endpoint}") && Knows(endpoint);

    public bool CloseEndpoint(string? endpoint) => Note($"close-endpoint {endpoint}") && Knows(endpoint);

    public void StopTicks() => health.StopTicks();

    public void Resume()
    {
        Note("resume");
        health.ResumeTicks();
    }

    private static bool Knows(string? endpoint) => endpoint is null or Endpoint;

    private bool Note(string call)
    {
        Calls.Enqueue(call.TrimEnd());
        return true;
    }
}
