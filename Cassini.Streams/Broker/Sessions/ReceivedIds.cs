using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The packet identifiers of QoS 2 messages that were received and are not released yet, so that none is delivered twice
/// [MQTT-4.3.3-10]. Thread-safe, by the session's lock.
/// </summary>
internal sealed class ReceivedIds(Lock sessionLock, AccountMemory memory, SessionJournal journal)
{
    /// <summary>About how much memory one takes, with its part of the table, in bytes.</summary>
    private const int Cost = 32;

    /// <summary>With each, whether it is stored: not while its message is under way to its subscribers.</summary>
    private Dictionary<ushort, bool>? _ids;
    private Attachment? _from;

    /// <summary>Whether a message was received under this identifier, and was not released yet.</summary>
    public bool Contains(ushort packetId)
    {
        lock (sessionLock)
        {
            return _ids?.ContainsKey(packetId) is true;
        }
    }

    /// <summary>Notes a message.</summary>
    /// <param name="packetId">Its packet identifier.</param>
    /// <param name="max">How many may be in flight.</param>
    /// <param name="from">The connection that it came on: what one reads after it has lost the session does not count.</param>
    public ReceiveVerdict Add(ushort packetId, int max, Attachment from)
    {
        lock (sessionLock)
        {
            if (_from != from)
            {
                return ReceiveVerdict.TakenOver;
            }

            _ids ??= [];
            if (_ids.ContainsKey(packetId))
            {
                journal.NoteAgain();
                return ReceiveVerdict.Repeated;
            }

            if (_ids.Count >= max)
            {
                return ReceiveVerdict.TooMany;
            }

            _ids.Add(packetId, false);
            memory.Take(Cost);
            return ReceiveVerdict.New;
        }
    }

    /// <summary>
    /// Every subscriber has its copy of a message: it is stored that it was received. Not before: what is repeated after a crash is
    /// delivered unless that is stored.
    /// </summary>
    public void Keep(ushort packetId)
    {
        lock (sessionLock)
        {
            if (_ids?.ContainsKey(packetId) is true)
            {
                _ids[packetId] = true;
                journal.PutReceived(packetId);
            }
        }
    }

    /// <summary>Forgets a message, because of PUBREL or because it was rejected.</summary>
    /// <returns>Whether it was known.</returns>
    public bool Remove(ushort packetId, Attachment from)
    {
        lock (sessionLock)
        {
            if (_from != from || _ids is null || !_ids.Remove(packetId, out var isKept))
            {
                return false;
            }

            memory.Return(Cost);
            if (isKept)
            {
                journal.DeleteReceived(packetId);
            }

            return true;
        }
    }

    /// <summary>Only messages of this connection count from now on; null for none.</summary>
    public void AttachLocked(Attachment? from) => _from = from;

    /// <summary>Forgets everything, because the session has ended.</summary>
    public void EndLocked()
    {
        _from = null;
        memory.Return(Cost * (_ids?.Count ?? 0));
        _ids = null;
    }

    /// <summary>Writes all to the store once more.</summary>
    /// <returns>How many there are.</returns>
    public int RewriteLocked()
    {
        foreach (var (packetId, isKept) in _ids ?? [])
        {
            if (isKept)
            {
                journal.PutReceived(packetId);
            }
        }

        return _ids?.Count ?? 0;
    }

    /// <summary>All that are stored.</summary>
    public ushort[] AllLocked() => [.. (_ids ?? []).Where(one => one.Value).Select(one => one.Key)];

    /// <summary>Takes those that the session had on another node.</summary>
    public void ImportLocked(IReadOnlyCollection<ushort> received)
    {
        RestoreLocked(received);
        foreach (var packetId in received)
        {
            journal.PutReceived(packetId);
        }
    }

    /// <summary>Restores what the store kept.</summary>
    public void RestoreLocked(IReadOnlyCollection<ushort> kept)
    {
        _ids = kept.Count == 0 ? null : kept.ToDictionary(packetId => packetId, _ => true);
        memory.Take(Cost * kept.Count);
    }
}
