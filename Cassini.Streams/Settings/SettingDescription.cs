using System.Reflection;

namespace Cassini.Streams.Settings;

/// <summary>A setting as docs/operate/settings.md and the help of the command line describe it.</summary>
/// <param name="Key">Its full key, such as <c>Health:Hold</c>.</param>
/// <param name="Property">The option's property; its XML summary says what the setting means.</param>
/// <param name="Type">The form of its value: <c>duration</c>, a unit, a form, or the allowed words.</param>
/// <param name="Default">Its value when it is not set; null for none.</param>
/// <param name="Allowed">Its range and the rules for it; empty when anything of the type is allowed.</param>
internal sealed record SettingDescription(string Key, PropertyInfo Property, string Type, object? Default, string Allowed)
{
    /// <summary>Whether its value must not be shown: its form is <see cref="FormAttribute.Secret"/>.</summary>
    public bool IsSecret => Type == FormAttribute.Secret;
}
