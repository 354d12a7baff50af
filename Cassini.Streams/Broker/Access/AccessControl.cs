using System.Collections.Immutable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Access;

/// <summary>The access rules in force: they can be changed while clients are connected. Thread-safe.</summary>
internal sealed class AccessControl(ImmutableArray<AccessRule> rules)
{
    private readonly Lock _lock = new();
    private volatile AccessTable _inForce = new(rules);

    /// <summary>What everything that begins now is judged by.</summary>
    public AccessTable InForce => _inForce;

    /// <summary>Puts other rules in force, for every connection at once.</summary>
    public void Change(ImmutableArray<AccessRule> rules)
    {
        lock (_lock)
        {
            _inForce = new AccessTable(rules, _inForce.Version + 1);
        }
    }
}
