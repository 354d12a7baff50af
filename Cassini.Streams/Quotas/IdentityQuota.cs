using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Quotas;

/// <summary>
/// The shares of some identities, instead of those for all: a gateway speaks for many clients. Written <c>IDENTITY RESOURCE=SHARE …</c>,
/// for example <c>gateway-* sessions=50% connections=100%</c>. IDENTITY is a client's name, with <c>*</c> for any characters, and in double
/// quotes if it has a space. RESOURCE is <c>connections</c>, <c>sessions</c>, <c>memory</c>, <c>retained</c>, <c>sharedSubscriptions</c>,
/// <c>topics</c> or <c>disk</c>, or <c>all</c> for each of these that is not named.
/// </summary>
[SettingText<IdentityQuota>]
public sealed record IdentityQuota : ISettingText<IdentityQuota>
{
    private const string Everything = "all";

    private readonly string _text;
    private readonly ImmutableDictionary<CapacityResource, Share> _shares;

    private IdentityQuota(string text, string identity, IReadOnlyDictionary<string, Share> named)
    {
        _text = text;
        Identity = identity;
        _shares = QuotaResources.All
            .Where(resource => named.ContainsKey(QuotaResources.NameOf(resource)) || named.ContainsKey(Everything))
            .ToImmutableDictionary(
                resource => resource,
                resource => named.GetValueOrDefault(QuotaResources.NameOf(resource), named.GetValueOrDefault(Everything)));
    }

    /// <summary>The identities that it is for: a name, with <c>*</c> for any characters.</summary>
    public string Identity { get; }

    /// <summary>Parses it.</summary>
    /// <param name="text">The quota as it is written.</param>
    /// <param name="quota">The parsed quota; null when the text is none.</param>
    /// <param name="error">What is wrong with the text; null when it is a quota.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out IdentityQuota? quota, [NotNullWhen(false)] out string? error)
    {
        quota = null;
        error = QuotedWords.TryRead(text ?? "", out var words);
        if (error is null && words is not [{ Length: > 0 }, _, ..])
        {
            error = "it is no quota: IDENTITY RESOURCE=SHARE …, for example gateway-* sessions=50% connections=100%";
        }

        var named = new Dictionary<string, Share>(StringComparer.Ordinal);
        foreach (var word in words.Skip(1))
        {
            error ??= Read(word, named);
        }

        if (error is null)
        {
            quota = new IdentityQuota(text!, words[0], named);
            return true;
        }

        error = $"'{text}': {error}";
        return false;
    }

    /// <summary>The share of a resource; null when it says nothing about that.</summary>
    internal Share? Of(CapacityResource resource) => _shares.TryGetValue(resource, out var share) ? share : null;

    /// <inheritdoc/>
    public override string ToString() => _text;

    /// <returns>What is wrong; null when it was read.</returns>
    private static string? Read(string word, Dictionary<string, Share> named)
    {
        var at = word.IndexOf('=', StringComparison.Ordinal);
        var name = at < 0 ? word : word[..at];
        return at < 0 ? $"'{word}' is not RESOURCE=SHARE"
            : name != Everything && !QuotaResources.Names.Contains(name)
                ? $"'{name}' is none of {string.Join(", ", QuotaResources.Names)}, {Everything}"
            : !Share.TryParse(word[(at + 1)..], out var share, out var wrong) ? wrong
            : !named.TryAdd(name, share) ? $"'{name}' is given twice"
            : null;
    }
}
