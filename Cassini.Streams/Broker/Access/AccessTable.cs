using System.Collections.Immutable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Access;

/// <summary>
/// What each client may do. While no rule has a placeholder or names an identity, all clients share one <see cref="ClientAccess"/>.
/// Immutable.
/// </summary>
/// <param name="rules">The rules; the first that matches decides.</param>
/// <param name="version">Its number among the tables of one broker, from 1.</param>
internal sealed class AccessTable(ImmutableArray<AccessRule> rules, int version = 1)
{
    private readonly ClientAccess? _ofEveryone = rules.All(
        rule => rule.Identity == "*" && !rule.Filter.Contains('%', StringComparison.Ordinal))
        ? new ClientAccess(rules, "", "")
        : null;

    public ImmutableArray<AccessRule> Rules => rules;

    public int Version => version;

    public ClientAccess Of(string identity, string clientId) => _ofEveryone ?? new ClientAccess(rules, identity, clientId);
}
