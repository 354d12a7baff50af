namespace Cassini.Load.Kills;

/// <summary>A broker that was started and takes connections. Its end ends its process, however that was.</summary>
internal interface IBrokerToKill : IAsyncDisposable
{
    /// <summary>Its port of 127.0.0.1.</summary>
    int Port { get; }

    /// <summary>Ends its process without a warning: kill -9. Any thread.</summary>
    void Kill();
}
