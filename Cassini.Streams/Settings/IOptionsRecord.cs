using System.Diagnostics.CodeAnalysis;

namespace Cassini.Streams.Settings;

/// <summary>
/// A record whose properties that can be set are settings or, where they are such records themselves, sections of settings. The attribute
/// keeps the properties in a native executable, where only what something names is kept, and settings are read by reflection.
/// </summary>
[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)]
internal interface IOptionsRecord;
