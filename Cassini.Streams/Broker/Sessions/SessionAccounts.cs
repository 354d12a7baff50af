namespace Cassini.Streams.Broker.Sessions;

/// <summary>How many sessions each identity has, so that none takes the places of all others. Thread-safe.</summary>
/// <param name="most">The most that one identity may have.</param>
internal sealed class SessionAccounts(int most)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _held = new(StringComparer.Ordinal);

    /// <summary>The most that one identity may have.</summary>
    public int Most { get; } = most;

    /// <summary>The identity that has most, and how many; null and 0 when there is none.</summary>
    public (string? Identity, int Held) Largest
    {
        get
        {
            lock (_lock)
            {
                if (_held.Count == 0)
                {
                    return (null, 0);
                }

                var largest = _held.MaxBy(account => account.Value);
                return (largest.Key, largest.Value);
            }
        }
    }

    /// <summary>Counts one more session of an identity, unless it has its share.</summary>
    public bool TryTake(string identity)
    {
        lock (_lock)
        {
            var held = _held.GetValueOrDefault(identity);
            if (held >= Most)
            {
                return false;
            }

            _held[identity] = held + 1;
            return true;
        }
    }

    /// <summary>Counts a session that exists already, whatever the share.</summary>
    public void Restore(string identity)
    {
        lock (_lock)
        {
            _held[identity] = _held.GetValueOrDefault(identity) + 1;
        }
    }

    /// <summary>A session has ended, or was not made.</summary>
    public void Return(string identity)
    {
        lock (_lock)
        {
            if (_held[identity] == 1)
            {
                _held.Remove(identity);
            }
            else
            {
                _held[identity]--;
            }
        }
    }
}
