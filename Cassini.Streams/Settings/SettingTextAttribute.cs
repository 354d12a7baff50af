using Cassini.Streams.Settings.Reading;

namespace Cassini.Streams.Settings;

/// <summary>Says that the text of a setting can be read as this type.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
internal abstract class SettingTextAttribute : Attribute
{
    /// <summary>Reads its text.</summary>
    public abstract SettingForm Form { get; }
}

/// <inheritdoc/>
/// <typeparam name="T">The type that has the attribute.</typeparam>
internal sealed class SettingTextAttribute<T> : SettingTextAttribute
    where T : ISettingText<T>
{
    /// <inheritdoc/>
    public override SettingForm Form { get; } =
        new SettingForm<T>((string text, out T? value) => T.TryParse(text, out value, out var error) ? null : error);
}
