using System.Collections.Immutable;

namespace Cassini.Streams.Settings;

/// <summary>What a setting must fulfil in addition to its range: a rule for its text, or a rule between settings. Immutable.</summary>
/// <typeparam name="TOptions">The options that hold the settings.</typeparam>
internal sealed class SettingRule<TOptions>
{
    private readonly Func<TOptions, IEnumerable<SettingError>> _check;

    private SettingRule(
        string key, string requirement, ImmutableArray<string> comparedWith, Func<TOptions, IEnumerable<SettingError>> check)
    {
        Key = key;
        Requirement = requirement;
        ComparedWith = comparedWith;
        _check = check;
    }

    /// <summary>The full key of the setting that has the error when the rule is broken.</summary>
    public string Key { get; }

    /// <summary>
    /// What is required, in the words of docs/operate/settings.md and the message: <c>at least Listener:BindRetryDelay</c>. May be
    /// empty.
    /// </summary>
    public string Requirement { get; }

    /// <summary>The keys of the other settings in the rule. While one of them is invalid, the rule is not checked.</summary>
    public ImmutableArray<string> ComparedWith { get; }

    /// <summary>A rule that one value meets or breaks.</summary>
    /// <param name="key">The key that is to blame.</param>
    /// <param name="requirement">What is required.</param>
    /// <param name="holds">Whether the rule is met.</param>
    /// <param name="value">The value as the message shows it: never a secret.</param>
    /// <param name="comparedWith">The keys of the other settings that <paramref name="holds"/> reads.</param>
    public static SettingRule<TOptions> That(
        string key, string requirement, Func<TOptions, bool> holds,
        Func<TOptions, object?> value, params ImmutableArray<string> comparedWith) =>
        new(key, requirement, comparedWith, options =>
            holds(options) ? [] : [SettingError.NotAllowed(key, SettingText.Of(value(options)), requirement)]);

    /// <summary>A rule for a text that may be missing, but not empty.</summary>
    /// <param name="key">The key that is to blame.</param>
    /// <param name="what">What it is: <c>path</c>.</param>
    /// <param name="instead">What to do instead: <c>name a file</c>.</param>
    /// <param name="text">The text.</param>
    public static SettingRule<TOptions> NotEmpty(string key, string what, string instead, Func<TOptions, string?> text) =>
        new(key, "not empty", [], options =>
            text(options)?.Trim().Length == 0 ? [SettingError.NotAllowed(key, $"an empty {what}", instead)] : []);

    /// <summary>A rule that finds its errors and writes their messages itself.</summary>
    /// <param name="key">The key that is to blame.</param>
    /// <param name="requirement">What is required.</param>
    /// <param name="errors">Each error; their keys are <paramref name="key"/>.</param>
    /// <param name="comparedWith">The keys of the other settings that <paramref name="errors"/> reads.</param>
    public static SettingRule<TOptions> Finding(
        string key, string requirement, Func<TOptions, IEnumerable<SettingError>> errors, params ImmutableArray<string> comparedWith) =>
        new(key, requirement, comparedWith, errors);

    internal IEnumerable<SettingError> Check(TOptions options) => _check(options);
}
