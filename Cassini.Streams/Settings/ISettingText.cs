using System.Diagnostics.CodeAnalysis;

namespace Cassini.Streams.Settings;

/// <summary>A type of ours that a setting can have; it also has a <see cref="SettingTextAttribute{T}"/>, by which it is found.</summary>
/// <typeparam name="T">The type itself.</typeparam>
internal interface ISettingText<T>
{
    /// <summary>Reads the text of a setting.</summary>
    /// <param name="text">The text.</param>
    /// <param name="value">The value.</param>
    /// <param name="error">What is wrong with the text; null when nothing is.</param>
    static abstract bool TryParse(string? text, [MaybeNullWhen(false)] out T value, [NotNullWhen(false)] out string? error);
}
