namespace Cassini.Streams.Broker.Outgoing;

/// <summary>Notifies the source of an outbox that it has drained.</summary>
internal static class OutboxNotice
{
    /// <summary>A bug in what is called must end this connection alone: the thread may be another client's reader or the pool's.</summary>
    /// <returns>False when it threw: then the outbox is closed.</returns>
    public static bool TrySend(IOutboxSource? source, Outbox drained, IOutboxOwner owner)
    {
        try
        {
            source?.OnDrained(drained);
            return true;
        }
        catch (Exception crash)
        {
            drained.Close();
            owner.OnCrashed(crash);
            return false;
        }
    }
}
