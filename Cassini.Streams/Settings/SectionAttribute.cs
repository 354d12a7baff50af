using System.Diagnostics.CodeAnalysis;

namespace Cassini.Streams.Settings;

/// <summary>On a section that is null until one of its settings is given: what it then is, before that setting is taken.</summary>
/// <param name="type">The section's own type, an <see cref="IOptionsRecord"/>.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SectionAttribute(
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] Type type) : Attribute
{
    /// <summary>The section's type.</summary>
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)]
    public Type Type { get; } = type;
}
