namespace Cassini.Streams.Mqtt.Properties;

/// <summary>A name and a value that only the application interprets. Names may repeat, and their order is kept.</summary>
/// <param name="Name">The name.</param>
/// <param name="Value">The value.</param>
public readonly record struct UserProperty(string Name, string Value);
