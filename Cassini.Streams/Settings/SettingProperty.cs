using System.Reflection;

namespace Cassini.Streams.Settings;

/// <summary>An option's property that is a setting: how to read it, and what its type and attributes define.</summary>
internal sealed class SettingProperty
{
    private readonly PropertyInfo _property;
    private readonly string _key;
    private readonly SettingRange? _range;

    private SettingProperty(PropertyInfo property, string key, Type scalar)
    {
        _property = property;
        _key = key;
        _range = property.GetCustomAttribute<WithinAttribute>()?.RangeOf(scalar);
        Type = TypeText(property, scalar, _range);
        if (_range is null && (scalar == typeof(int) || scalar == typeof(long) || scalar == typeof(double) || scalar == typeof(TimeSpan)))
        {
            throw new ArgumentException($"{key} is a number or a duration without a range: put {nameof(WithinAttribute)} on its property");
        }
    }

    /// <summary>The form of its value.</summary>
    public string Type { get; }

    /// <summary>The property as a setting; null for a property that is not a setting, such as a section or a computed value.</summary>
    public static SettingProperty? Of(PropertyInfo property, string section)
    {
        var scalar = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var isSetting = scalar.IsPrimitive || scalar.IsEnum || scalar == typeof(TimeSpan) || scalar == typeof(string)
            || property.IsDefined(typeof(FormAttribute));
        return property.CanWrite && isSetting
            ? new SettingProperty(property, section.Length == 0 ? property.Name : $"{section}:{property.Name}", scalar)
            : null;
    }

    /// <summary>The errors of its type and its range.</summary>
    public SettingError? Check(object options) => _property.GetValue(options) switch
    {
        Enum word when !Enum.IsDefined(word.GetType(), word) => SettingError.NotAllowed(_key, $"{word}", $"allowed: {Type}"),
        { } value when _range?.Has(value) is false => SettingError.NotAllowed(_key, SettingText.Of(value), $"allowed: {_range}"),
        _ => null,
    };

    /// <param name="defaults">Options with all default values.</param>
    /// <param name="requirements">What the rules require, by key.</param>
    public SettingDescription Describe(object defaults, ILookup<string, string> requirements) => new(
        _key,
        _property,
        Type,
        _property.GetValue(defaults),
        string.Join("; ", requirements[_key].Prepend(_range?.ToString() ?? "").Where(text => text.Length > 0)));

    private static string TypeText(PropertyInfo property, Type scalar, SettingRange? range)
    {
        var form = property.GetCustomAttribute<FormAttribute>()?.Form;
        return scalar switch
        {
            { IsEnum: true } => string.Join(", ", Enum.GetNames(scalar).Select(name => name.ToLowerInvariant())),
            { IsGenericType: true } => $"list of {form}",
            _ when scalar == typeof(bool) => "true, false",
            _ when scalar == typeof(TimeSpan) => "duration",
            _ when scalar == typeof(string) => form ?? "text",
            _ when scalar == typeof(double) => "number",
            _ => range?.Unit ?? "whole number",
        };
    }
}
