namespace Cassini.Streams.Mqtt.Properties;

/// <summary>A name and a value that mean something to the application alone. Names may repeat, and their order is kept.</summary>
/// <param name="Name">The name.</param>
/// <param name="Value">The value.</param>
public readonly record struct UserProperty(string Name, string Value);
