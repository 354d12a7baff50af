using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// Has the messages of one session that are to be in the store alone leave memory as soon as they are durable. Thread-safe, by the
/// session's lock.
/// </summary>
internal sealed class DurableWatch(Lock sessionLock, WaitingMessages waiting, SessionJournal journal) : IDurabilityWaiter
{
    /// <summary>How many messages are dropped from memory under one lock.</summary>
    private const int SettledAtOnce = 1_024;

    private bool _isWatching;

    /// <summary>There may be such messages: it waits for the store from now on.</summary>
    public void ReviewLocked()
    {
        while (!_isWatching && waiting.HasPending)
        {
            _isWatching = journal.Durability.TryWait(journal.LastTicket, this);
            if (!_isWatching)
            {
                waiting.Settle(int.MaxValue);
            }
        }
    }

    void IDurabilityWaiter.OnDurable(FlushSet flushes)
    {
        bool mayBeMore;
        do
        {
            lock (sessionLock)
            {
                mayBeMore = waiting.Settle(SettledAtOnce);
                if (!mayBeMore)
                {
                    _isWatching = false;
                    ReviewLocked();
                }
            }
        }
        while (mayBeMore);
    }
}
