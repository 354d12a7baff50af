using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Cassini.Streams.Settings;

/// <summary>
/// The settings below one key: validates options, and describes them for docs and help. A library with its own options creates a
/// section, and the program that reads settings adds it to the others. Immutable; any thread.
/// </summary>
internal abstract class SettingsSection
{
    private protected SettingsSection()
    {
    }

    /// <summary>Every setting of the sections, in their order; a rule of one section may concern a setting of another.</summary>
    /// <param name="sections">The sections.</param>
    public static IReadOnlyList<SettingDescription> Describe(params IReadOnlyCollection<SettingsSection> sections)
    {
        var requirements = sections.SelectMany(section => section.Requirements).ToLookup(pair => pair.Key, pair => pair.Requirement);
        return [.. sections.SelectMany(section => section.Describe(requirements))];
    }

    private protected abstract IEnumerable<(string Key, string Requirement)> Requirements { get; }

    private protected abstract IEnumerable<SettingDescription> Describe(ILookup<string, string> requirements);
}

/// <inheritdoc/>
/// <typeparam name="TOptions">A record; each of its properties that can be set is a setting, except those that are sections.</typeparam>
internal sealed class SettingsSection<
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] TOptions> : SettingsSection
    where TOptions : class
{
    private readonly TOptions _defaults;
    private readonly ImmutableArray<SettingRule<TOptions>> _rules;
    private readonly ImmutableArray<SettingProperty> _properties;

    /// <summary>Creates a section.</summary>
    /// <param name="key">Its position in the tree of settings; empty for the root.</param>
    /// <param name="defaults">The options with all default values.</param>
    /// <param name="rules">The rules that its settings must meet in addition to their ranges.</param>
    /// <exception cref="ArgumentException">A number or a duration has no <see cref="WithinAttribute"/>.</exception>
    public SettingsSection(string key, TOptions defaults, params ImmutableArray<SettingRule<TOptions>> rules)
    {
        _defaults = defaults;
        _rules = rules;
        _properties = [.. typeof(TOptions).GetProperties().Select(property => SettingProperty.Of(property, key)).OfType<SettingProperty>()];
    }

    private protected override IEnumerable<(string Key, string Requirement)> Requirements =>
        _rules.Select(rule => (rule.Key, rule.Requirement));

    /// <summary>
    /// Every error of these options: first those of single values, then those of the rules whose values are valid by themselves.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <param name="found">Errors of other sections, for rules that compare with their settings; they are not returned again.</param>
    public IReadOnlyList<SettingError> Validate(TOptions options, params IReadOnlyCollection<SettingError> found)
    {
        var errors = _properties.Select(property => property.Check(options)).OfType<SettingError>().ToList();
        var wrong = found.Concat(errors).Select(error => error.Key).ToHashSet(StringComparer.Ordinal);
        var canBeJudged = _rules.Where(rule => !wrong.Contains(rule.Key) && !rule.ComparedWith.Any(wrong.Contains));
        errors.AddRange(canBeJudged.SelectMany(rule => rule.Check(options)));
        return errors;
    }

    private protected override IEnumerable<SettingDescription> Describe(ILookup<string, string> requirements) =>
        _properties.Select(property => property.Describe(_defaults, requirements));
}
