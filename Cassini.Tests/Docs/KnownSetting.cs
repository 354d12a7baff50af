using System.Reflection;

namespace Cassini.Tests.Docs;

/// <summary>A setting.</summary>
/// <param name="Key">Its key, such as <c>Health:Hold</c>.</param>
/// <param name="Property">The property of the options that it sets.</param>
/// <param name="Default">Its value when nobody sets it.</param>
internal sealed record KnownSetting(string Key, PropertyInfo Property, object? Default);
