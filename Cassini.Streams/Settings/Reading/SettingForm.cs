using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Cassini.Streams.Settings.Reading;

/// <summary>Reads a value's text.</summary>
/// <returns>Null when it is a value; else what is wrong, as the end of a sentence that begins with the setting's name.</returns>
internal delegate string? ReadText<T>(string text, out T? value);

/// <summary>How the text of a setting becomes a value of one type, and such values a list.</summary>
internal abstract class SettingForm
{
    /// <summary>The type of the values.</summary>
    public abstract Type Type { get; }

    /// <summary>Reads a value's text.</summary>
    /// <returns>Null when it is a value; else what is wrong, as the end of a sentence that begins with the setting's name.</returns>
    public abstract string? Read(string text, out object? value);

    /// <summary>The values as an immutable array if that is the type of the property, else as an array.</summary>
    public abstract object ListOf(IEnumerable<object?> values, Type property);
}

/// <inheritdoc/>
internal sealed class SettingForm<T>(ReadText<T> read) : SettingForm
{
    /// <inheritdoc/>
    public override Type Type => typeof(T);

    /// <inheritdoc/>
    public override string? Read(string text, out object? value)
    {
        var problem = read(text, out var typed);
        value = problem is null ? typed : null;
        return problem;
    }

    /// <inheritdoc/>
    public override object ListOf(IEnumerable<object?> values, Type property)
    {
        T[] list = [.. values.Cast<T>()];
        return property == typeof(ImmutableArray<T>) ? ImmutableCollectionsMarshal.AsImmutableArray(list) : list;
    }
}
