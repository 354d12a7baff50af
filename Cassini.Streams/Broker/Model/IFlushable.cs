namespace Cassini.Streams.Broker.Model;

/// <summary>Something that gathers bytes while a batch is handled and sends them at its end.</summary>
internal interface IFlushable
{
    /// <summary>Sends what has gathered, unless that happens already. Never waits.</summary>
    /// <param name="inline">Whether to begin on the calling thread; otherwise on the thread pool.</param>
    void Flush(bool inline);
}
