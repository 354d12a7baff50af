namespace Cassini.Streams.Broker.Model;

/// <summary>Collects bytes while a batch is handled, and sends them at its end.</summary>
internal interface IFlushable
{
    /// <summary>Sends the collected bytes, unless another thread is sending them. Never waits.</summary>
    /// <param name="inline">Whether to begin on the calling thread; otherwise on the thread pool.</param>
    void Flush(bool inline);
}
