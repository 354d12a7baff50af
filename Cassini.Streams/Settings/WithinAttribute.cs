using System.Globalization;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Settings;

/// <summary>
/// The values that a setting may have, both ends included. It is only on the option's property: validation, error messages and
/// docs/operate/settings.md read it from there.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class WithinAttribute : Attribute
{
    private readonly object _least;
    private readonly object? _most;

    /// <summary>A whole number whose only upper limit is that of its type.</summary>
    /// <param name="least">The smallest value.</param>
    public WithinAttribute(long least) => _least = least;

    /// <summary>A number.</summary>
    /// <param name="least">The smallest value.</param>
    /// <param name="most">The largest value.</param>
    public WithinAttribute(long least, long most) => (_least, _most) = (least, most);

    /// <summary>A number with a fraction.</summary>
    /// <param name="least">The smallest value.</param>
    /// <param name="most">The largest value.</param>
    public WithinAttribute(double least, double most) => (_least, _most) = (least, most);

    /// <summary>A duration, as <see cref="DurationText"/> reads it.</summary>
    /// <param name="least">The shortest, for example <c>100ms</c>.</param>
    /// <param name="most">The longest, for example <c>10m</c>.</param>
    public WithinAttribute(string least, string most) => (_least, _most) = (least, most);

    /// <summary>
    /// What a number counts, in the plural: <c>bytes</c>. Null: the unit is clear from the setting's name. A duration has its unit in
    /// its text.
    /// </summary>
    public string? Unit { get; init; }

    /// <exception cref="FormatException">An end is not a value of the property's type.</exception>
    public SettingRange RangeOf(Type type) => new(ValueOf(_least, type), _most is null ? null : ValueOf(_most, type), Unit);

    private static IComparable ValueOf(object end, Type type)
    {
        if (type != typeof(TimeSpan))
        {
            return (IComparable)Convert.ChangeType(end, type, CultureInfo.InvariantCulture);
        }

        return end is string text && DurationText.TryParse(text, out var duration)
            ? duration
            : throw new FormatException($"'{end}' is not {DurationText.Expected}");
    }
}
