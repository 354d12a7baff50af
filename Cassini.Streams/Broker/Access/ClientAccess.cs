using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Access;

/// <summary>What one client may do: the rules that apply to it, with its identity and client identifier filled in. Immutable.</summary>
internal sealed class ClientAccess
{
    /// <summary>The first level of the topics that only the health canary may use, whatever the rules say.</summary>
    private static readonly byte[] CanaryLevel = "$canary"u8.ToArray();

    private readonly ImmutableArray<(bool Allow, byte[] Filter)> _publish;
    private readonly ImmutableArray<(bool Allow, byte[] Filter)> _subscribe;

    public ClientAccess(ImmutableArray<AccessRule> rules, string identity, string clientId)
    {
        var ours = rules.Where(rule => IdentityPattern.Matches(rule.Identity, identity)).ToList();
        _publish = Fill(ours, AccessAction.Publish, identity, clientId);
        _subscribe = Fill(ours, AccessAction.Subscribe, identity, clientId);
    }

    private ClientAccess()
    {
        IsCanary = true;
        _publish = _subscribe = [(true, "$canary/#"u8.ToArray())];
    }

    /// <summary>What the health canary may do.</summary>
    public static ClientAccess OfCanary { get; } = new();

    public bool IsCanary { get; }

    /// <param name="topic">A valid topic name.</param>
    public bool MayPublish(ReadOnlySpan<byte> topic)
    {
        // Only the broker publishes under $SYS, so that clients can trust what they read there.
        if (IsCanarys(topic) != IsCanary || Topic.IsOurs(topic))
        {
            return false;
        }

        foreach (var (allow, filter) in _publish)
        {
            if (TopicFilter.Matches(filter, topic))
            {
                return allow;
            }
        }

        return false;
    }

    /// <summary>
    /// Whether the client may receive every topic that matches a filter: an allowing rule must cover the whole filter, and a denying
    /// rule applies if any topic matches both.
    /// </summary>
    /// <param name="wanted">A valid filter; for a shared subscription, the filter inside it.</param>
    public bool MaySubscribe(ReadOnlySpan<byte> wanted)
    {
        if (IsCanarys(wanted) != IsCanary)
        {
            return false;
        }

        foreach (var (allow, filter) in _subscribe)
        {
            if (allow ? FilterSets.Covers(filter, wanted) : FilterSets.Intersect(filter, wanted))
            {
                return allow;
            }
        }

        return false;
    }

    private static bool IsCanarys(ReadOnlySpan<byte> levels) => TopicFilter.NextLevel(ref levels, out _).SequenceEqual(CanaryLevel);

    private static ImmutableArray<(bool, byte[])> Fill(List<AccessRule> rules, AccessAction action, string identity, string clientId)
    {
        var filled = ImmutableArray.CreateBuilder<(bool, byte[])>();
        foreach (var rule in rules.Where(rule => rule.Action == action || rule.Action == AccessAction.All))
        {
            if ((rule.Filter.Contains("%i", StringComparison.Ordinal) && !IsOneLevel(identity))
                || (rule.Filter.Contains("%c", StringComparison.Ordinal) && !IsOneLevel(clientId)))
            {
                // A name with a wildcard or slash must not widen an allowing rule, and must not escape a denying one.
                if (!rule.Allow)
                {
                    filled.Add((false, Encoding.UTF8.GetBytes(UpToPlaceholder(rule.Filter))));
                }

                continue;
            }

            filled.Add((rule.Allow, Encoding.UTF8.GetBytes(Expand(rule.Filter, identity, clientId))));
        }

        return filled.DrainToImmutable();
    }

    /// <summary>The levels before the first placeholder, and everything below them.</summary>
    private static string UpToPlaceholder(string filter)
    {
        var at = Enumerable.Range(0, filter.Length - 1).First(i => filter[i] == '%' && filter[i + 1] is 'i' or 'c');
        return $"{filter.AsSpan(0, filter.LastIndexOf('/', at) + 1)}#";
    }

    /// <summary>One pass, so that a placeholder inside a name is not replaced.</summary>
    private static string Expand(string filter, string identity, string clientId)
    {
        var text = new StringBuilder();
        for (var i = 0; i < filter.Length; i++)
        {
            var name = filter[i] != '%' || i + 1 == filter.Length ? null
                : filter[i + 1] == 'i' ? identity
                : filter[i + 1] == 'c' ? clientId
                : null;
            text.Append(name ?? filter[i].ToString());
            i += name is null ? 0 : 1;
        }

        return text.ToString();
    }

    /// <summary>A name that begins with <c>$</c> would make a rule apply to topics that are not for clients.</summary>
    private static bool IsOneLevel(string name) => name.Length > 0 && name[0] != '$' && name.IndexOfAny(['/', '+', '#', '\0']) < 0;
}
