namespace Cassini.Streams.Listening;

/// <summary>The manager's answer to a ping.</summary>
/// <param name="LiveConnections">Connections in its table; probe traffic is not among them.</param>
/// <param name="CountedAt">The sequence of the last event published before it counted.</param>
internal readonly record struct ManagerReport(int LiveConnections, long CountedAt);
