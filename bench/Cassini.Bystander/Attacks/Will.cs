namespace Cassini.Bystander.Attacks;

/// <summary>A will; MQTT limits its payload to 65,535 bytes, but not its user properties.</summary>
internal sealed record Will(string Topic, int PayloadBytes, int PropertyBytes, uint DelaySeconds);
