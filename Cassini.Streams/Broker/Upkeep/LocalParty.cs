using Cassini.Streams.Broker.Access;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// Who publishes and observes within this process: the broker itself, which may do all, or a client with an identity of its own, which the
/// access rules judge. Thread-safe.
/// </summary>
internal sealed class LocalParty
{
    private readonly AccessControl? _access;

    private LocalParty(AccessControl? access, AccountMemory memory, string? clientId)
    {
        _access = access;
        Memory = memory;
        ClientId = clientId;
    }

    /// <summary>Whose work it is, and who pays for what is retained.</summary>
    public Account Account => Memory.Account;

    /// <summary>The memory of that account.</summary>
    public AccountMemory Memory { get; }

    /// <summary>Its identity; null of the broker itself.</summary>
    public string? Identity => _access is null ? null : Account.Identity;

    /// <summary>Its client identifier; null of the broker itself.</summary>
    public string? ClientId { get; }

    /// <summary>What it may do by the rules in force; null when it may do all.</summary>
    public ClientAccess? Rights => _access?.InForce.Of(Account.Identity, ClientId!);

    /// <param name="memory">The broker's own.</param>
    public static LocalParty OfBroker(AccountMemory memory) => new(null, memory, null);

    /// <param name="access">The rules in force.</param>
    /// <param name="memory">The memory of its identity.</param>
    /// <param name="clientId">Its client identifier.</param>
    public static LocalParty OfClient(AccessControl access, AccountMemory memory, string clientId) => new(access, memory, clientId);

    /// <param name="filter">A valid filter that is not shared.</param>
    public bool MaySubscribe(ReadOnlySpan<byte> filter) => Rights?.MaySubscribe(filter) ?? true;
}
