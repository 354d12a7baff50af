using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Primitives;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Broker.Model;

/// <summary>Which actions a rule applies to.</summary>
public enum AccessAction
{
    /// <summary>Publishing to topics.</summary>
    Publish,

    /// <summary>Subscribing to filters.</summary>
    Subscribe,

    /// <summary>Both.</summary>
    All,
}

/// <summary>
/// One access rule, written <c>allow|deny publish|subscribe|all IDENTITY FILTER</c>, for example
/// <c>allow publish sensor-* sensors/%i/#</c>. IDENTITY is the client's name, with <c>*</c> for any characters. In FILTER
/// <c>%i</c> stands for the client's identity and <c>%c</c> for its client identifier. An IDENTITY or FILTER with a space is in double
/// quotes, <c>deny all "Meter 7" secret/#</c>; in quotes <c>\"</c> is a quote and <c>\\</c> a backslash. To a client whose name contains
/// a wildcard or a slash, such an allowing rule allows nothing, and such a denying rule denies all that it could deny to any name.
/// </summary>
[SettingText<AccessRule>]
public sealed record AccessRule : ISettingText<AccessRule>
{
    private AccessRule(bool allow, AccessAction action, string identity, string filter)
    {
        Allow = allow;
        Action = action;
        Identity = identity;
        Filter = filter;
    }

    /// <summary>
    /// Every client of the CA may publish to all topics that do not begin with <c>$</c>, and subscribe to all of these and to
    /// <c>$SYS/#</c>.
    /// </summary>
    public static ImmutableArray<AccessRule> Defaults { get; } =
    [
        new(true, AccessAction.All, "*", "#"),
        new(true, AccessAction.Subscribe, "*", "$SYS/#"),
    ];

    /// <summary>Whether the rule allows what matches it; otherwise it denies it.</summary>
    public bool Allow { get; }

    /// <summary>The actions that it applies to.</summary>
    public AccessAction Action { get; }

    /// <summary>The identities that it applies to: a name, with <c>*</c> for any characters.</summary>
    public string Identity { get; }

    /// <summary>The topics, as a topic filter with placeholders.</summary>
    public string Filter { get; }

    /// <summary>Parses a rule.</summary>
    /// <param name="text">The rule as it is written.</param>
    /// <param name="rule">The parsed rule; null when the text is not a rule.</param>
    /// <param name="error">What is wrong with the text; null when it is a rule.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out AccessRule? rule, [NotNullWhen(false)] out string? error)
    {
        rule = null;
        error = null;
        if (QuotedWords.TryRead(text ?? "", out var words) is { } unreadable)
        {
            error = $"'{text}': {unreadable}";
        }
        else if (words is not [var verdict, var action, var identity, var filter])
        {
            error = $"'{text}' is not a rule: allow|deny publish|subscribe|all IDENTITY FILTER, "
                + "with double quotes around an identity or filter that has a space";
        }
        else if (verdict is not ("allow" or "deny"))
        {
            error = $"'{text}': '{verdict}' is neither allow nor deny";
        }
        else if (ActionOf(action) is not { } parsed)
        {
            error = $"'{text}': '{action}' is none of publish, subscribe and all";
        }
        else if (identity.Length == 0)
        {
            error = $"'{text}': no client has an empty identity";
        }
        else if (filter.Contains("%u", StringComparison.Ordinal))
        {
            error = $"'{text}': '{filter}' has the placeholder of another broker; %i is the client's identity here";
        }
        else if (!TopicFilter.IsValid(MqttText.Encode(filter)))
        {
            error = $"'{text}': '{filter}' is not a topic filter";
        }
        else if (filter.StartsWith("$share/", StringComparison.Ordinal))
        {
            error = $"'{text}': a shared subscription is judged by the filter behind its share name; leave $share/NAME/ out";
        }
        else
        {
            rule = new AccessRule(verdict == "allow", parsed, identity, filter);
            return true;
        }

        return false;
    }

    /// <summary>Does not parse the enumeration, because that would accept numbers and lists too.</summary>
    private static AccessAction? ActionOf(string text) => text switch
    {
        "publish" => AccessAction.Publish,
        "subscribe" => AccessAction.Subscribe,
        "all" => AccessAction.All,
        _ => null,
    };

    /// <inheritdoc/>
    public override string ToString() =>
        $"{(Allow ? "allow" : "deny")} {Action.ToString().ToLowerInvariant()} {QuotedWords.Write(Identity)} {QuotedWords.Write(Filter)}";
}
