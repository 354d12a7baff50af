namespace Cassini.Harness.Load;

/// <summary>Where a broker serves MQTT.</summary>
/// <param name="Name">As the plan calls it.</param>
/// <param name="Host">A host name or an address.</param>
/// <param name="Port">The port.</param>
/// <param name="ServerName">What its certificate must be for.</param>
internal sealed record BrokerAddress(string Name, string Host, int Port, string ServerName);
