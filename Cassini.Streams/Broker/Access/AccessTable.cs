using System.Collections.Immutable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Access;

/// <summary>
/// What each client may do. While no rule has a placeholder or names an identity, all clients share one <see cref="ClientAccess"/>.
/// Immutable.
/// </summary>
internal sealed class AccessTable(ImmutableArray<AccessRule> rules)
{
    private readonly ClientAccess? _ofEveryone = rules.All(
        rule => rule.Identity == "*" && !rule.Filter.Contains('%', StringComparison.Ordinal))
        ? new ClientAccess(rules, "", "")
        : null;

    public ClientAccess Of(string identity, string clientId) => _ofEveryone ?? new ClientAccess(rules, identity, clientId);
}
